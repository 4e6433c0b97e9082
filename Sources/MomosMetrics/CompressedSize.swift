import CZlib
import CZstd
import MomosModel

/// How many bytes general compressors make of some bytes.
enum CompressedSize {
  static let zlibLevel: Int32 = 9
  static let zstdLevel: Int32 = 19

  /// The byte count of a zlib stream at level 9; nil for more bytes than zlib takes at once or without memory.
  static func zlib(_ content: Bytes) -> Int? {
    guard content.count <= Int(UInt32.max) else { return nil }
    let bound = Int(compressBound(UInt(content.count)))
    guard var buffer = try? MutableBytes(byteCount: bound) else { return nil }
    var byteCount = UInt(bound)
    var target = buffer.mutableSpan(of: UInt8.self)
    let status = unsafe target.withUnsafeMutableBytes { target in
      unsafe content.bytes.withUnsafeBytes { source in
        unsafe compress2(
          target.baseAddress?.assumingMemoryBound(to: UInt8.self), &byteCount,
          source.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(source.count), zlibLevel)
      }
    }
    return status == Z_OK ? Int(byteCount) : nil
  }

  /// The byte count of a zstd frame at level 19; nil without memory.
  static func zstd(_ content: Bytes) -> Int? {
    guard var buffer = try? MutableBytes(byteCount: ZSTD_compressBound(content.count)) else { return nil }
    var target = buffer.mutableSpan(of: UInt8.self)
    let byteCount = unsafe target.withUnsafeMutableBytes { target in
      unsafe content.bytes.withUnsafeBytes { source in
        unsafe ZSTD_compress(target.baseAddress, target.count, source.baseAddress, source.count, zstdLevel)
      }
    }
    return ZSTD_isError(byteCount) == 0 ? byteCount : nil
  }
}
