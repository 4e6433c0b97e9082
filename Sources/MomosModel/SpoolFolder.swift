import Glibc

/// A folder whose disk holds what memory should not: blocks are mapped from files without names, so that the system
/// writes back what it needs memory for, and nothing is left when the process ends.
public struct SpoolFolder: Sendable, Hashable {
  public let path: String

  public init(path: String) { self.path = path }

  /// Maps zeros, with their room on the disk taken.
  /// - Throws: `ModelError.spoolFailed`.
  @unsafe
  func map(byteCount: Int) throws(ModelError) -> UnsafeMutableRawPointer {
    var template = Array("\(path)/.momos-spool-XXXXXX".utf8CString)
    let descriptor = unsafe template.withUnsafeMutableBufferPointer { unsafe mkstemp($0.baseAddress!) }
    guard descriptor >= 0 else { throw failure(byteCount, errno) }
    defer { close(descriptor) }
    unsafe template.withUnsafeBufferPointer { _ = unsafe unlink($0.baseAddress!) }
    let code = posix_fallocate(descriptor, 0, byteCount)
    guard code == 0 else { throw failure(byteCount, code) }
    guard let base = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      unsafe base != MAP_FAILED
    else { throw failure(byteCount, errno) }
    return unsafe base
  }

  private func failure(_ byteCount: Int, _ code: Int32) -> ModelError {
    .spoolFailed(folder: path, byteCount: byteCount, reason: unsafe String(cString: strerror(code)))
  }
}
