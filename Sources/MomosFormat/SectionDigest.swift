import CXXHash
public import MomosModel

/// XXH3-64 with seed 0: the digest of sections, header and preamble, and of source values in provenance.
public func xxh3(_ bytes: Bytes) -> UInt64 {
  unsafe bytes.bytes.withUnsafeBytes { buffer in unsafe XXH3_64bits(buffer.baseAddress, buffer.count) }
}
