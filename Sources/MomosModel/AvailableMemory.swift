import Glibc

/// Asks for memory before arrays take it, because an array that cannot be allocated ends the process.
///
/// For work in arrays whose size a file claims without holding as many bytes: a dictionary of one motif needs no indices.
public enum AvailableMemory {
  /// So few bytes are not asked for.
  private static let smallByteCount = 1 << 16

  /// - Throws: `ModelError.allocationFailed` unless one block of so many bytes can be had at this moment.
  public static func require(byteCount: Int) throws(ModelError) {
    guard byteCount > smallByteCount else { return }
    guard let block = unsafe aligned_alloc(64, (byteCount + 63) & ~63) else {
      throw .allocationFailed(byteCount: byteCount)
    }
    unsafe free(block)
  }
}
