import CZlib
import MomosModel

/// Expands raw deflate streams (RFC 1951) with zlib.
enum Inflation {
  /// Deflate's largest ratio: 258 bytes from two bits, a code for the length and one for the distance.
  static let maximumRatio: UInt64 = 1032

  /// The content of a whole stream, which must be exactly `byteCount` bytes and use all of `compressed`.
  static func content(of compressed: Bytes, byteCount: Int) throws(InterchangeError) -> Bytes {
    var output = try InterchangeError.translating { () throws(ModelError) in
      try MutableBytes(byteCount: byteCount)
    }
    let run = try run(compressed, into: &output)
    guard run.isComplete, run.producedByteCount == byteCount, run.consumedByteCount == compressed.count else {
      let found =
        run.isComplete ? "\(run.producedByteCount) bytes from \(run.consumedByteCount)" : "no end there"
      throw InterchangeError(
        .zipMemberSize, place: "deflated data",
        expected: "an end after \(byteCount) bytes from \(compressed.count)", found: found)
    }
    return output.freeze()
  }

  /// The first `byteCount` bytes of the content, or all of it if it is shorter.
  static func prefix(of compressed: Bytes, byteCount: Int) throws(InterchangeError) -> Bytes {
    var output = try InterchangeError.translating { () throws(ModelError) in
      try MutableBytes(byteCount: byteCount)
    }
    let run = try run(compressed, into: &output)
    return output.freeze()[0..<run.producedByteCount]
  }

  private struct Run {
    var producedByteCount = 0
    var consumedByteCount = 0
    /// True if the stream ended; false if output or input ran out before.
    var isComplete = false
  }

  /// Inflates until the stream ends, the output is full or the input is used up.
  private static func run(
    _ compressed: Bytes, into output: inout MutableBytes
  ) throws(InterchangeError) -> Run {
    var run = Run()
    var target = output.mutableSpan(of: UInt8.self)
    var stream = unsafe z_stream()
    // zlib keeps the address of the stream, so that it must not move between the calls.
    let status = unsafe withUnsafeMutablePointer(to: &stream) { stream in
      unsafe compressed.bytes.withUnsafeBytes { source in
        unsafe target.withUnsafeMutableBytes { target in
          unsafe inflate(source, into: target, with: stream, &run)
        }
      }
    }
    switch status {
    case Z_STREAM_END: run.isComplete = true
    case Z_BUF_ERROR: break
    case Z_MEM_ERROR:
      throw InterchangeError(.outOfMemory, expected: "memory to inflate a member", found: "too little")
    default:
      throw InterchangeError(
        .zipDeflate, place: "deflated data at byte \(run.consumedByteCount)", expected: "a deflate stream",
        found: "damaged data")
    }
    return run
  }

  @unsafe
  private static func inflate(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    with stream: UnsafeMutablePointer<z_stream>, _ run: inout Run
  ) -> Int32 {
    // Without input or room for output there is nothing that inflate could do.
    guard let input = source.baseAddress, let output = target.baseAddress else { return Z_BUF_ERROR }
    // Minus 15: no zlib wrapper, a window of 2^15 bytes.
    var status = unsafe inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { return status }
    defer { unsafe inflateEnd(stream) }
    // zlib counts in 32 bits, so that large members take several rounds.
    let roundByteCount = 1 << 30
    while status == Z_OK {
      let available = min(source.count - run.consumedByteCount, roundByteCount)
      let room = min(target.count - run.producedByteCount, roundByteCount)
      unsafe stream.pointee.next_in = UnsafeMutablePointer(
        mutating: (input + run.consumedByteCount).assumingMemoryBound(to: UInt8.self))
      unsafe stream.pointee.avail_in = UInt32(available)
      unsafe stream.pointee.next_out = (output + run.producedByteCount).assumingMemoryBound(to: UInt8.self)
      unsafe stream.pointee.avail_out = UInt32(room)
      status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
      run.consumedByteCount += unsafe available - Int(stream.pointee.avail_in)
      run.producedByteCount += unsafe room - Int(stream.pointee.avail_out)
    }
    return status
  }
}

extension Bytes {
  /// CRC-32 as zip archives use it.
  var checksum: UInt32 { checksum(after: 0) }

  /// CRC-32 of bytes with the given CRC-32, and these behind them.
  func checksum(after first: UInt32) -> UInt32 {
    unsafe bytes.withUnsafeBytes { source in
      guard count > 0, let base = source.baseAddress else { return first }
      return UInt32(
        truncatingIfNeeded: unsafe crc32_z(
          UInt(first), base.assumingMemoryBound(to: UInt8.self), source.count))
    }
  }
}
