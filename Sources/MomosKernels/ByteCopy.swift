import Glibc

/// Bytes copied as they lie in memory, whatever they mean.
public enum ByteCopy {
  /// Copies all of `source` to the bytes of `target` from `start` on.
  public static func copy(_ source: Span<UInt8>, to target: inout MutableSpan<UInt8>, at start: Int) {
    precondition(start >= 0 && source.count <= target.count - start)
    unsafe source.withUnsafeBufferPointer { source in
      unsafe target.withUnsafeMutableBufferPointer { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        unsafe memcpy(to + start, from, source.count)
      }
    }
  }
}
