import Glibc
import MomosModel

/// A file being written: it appears under its path whole, with `commit`, or not at all.
///
/// Until then the bytes lie in a sibling named `PATH.partial`, which is removed if `commit` is not reached;
/// one that a killed process left is replaced.
struct OutputFile: ~Copyable {
  private let path: String
  private let partialPath: String
  private let descriptor: Int32
  private var isCommitted = false

  /// - Throws: `outputNotWritable`, also if `path` is a folder or device.
  init(path: String) throws(InterchangeError) {
    var status = stat()
    if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw InterchangeError(.outputNotWritable, expected: "the path of a file", found: "a folder or device")
    }
    let partialPath = path + ".partial"
    unsafe unlink(partialPath)
    let descriptor = unsafe open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failed("a folder to write to") }
    self.path = path
    self.partialPath = partialPath
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
    if !isCommitted { unsafe unlink(partialPath) }
  }

  mutating func write(_ bytes: Bytes) throws(InterchangeError) {
    var position = 0
    while position < bytes.count {
      // Linux writes less than 2^31 bytes at a time.
      let rest = bytes[position..<min(bytes.count, position + 1 << 30)].bytes
      let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        position += written
      } else if written == 0 || errno != EINTR {
        throw Self.failed("\(bytes.count - position) more bytes written")
      }
    }
  }

  /// Makes the bytes durable and gives the file its name.
  consuming func commit() throws(InterchangeError) {
    while fsync(descriptor) != 0 {
      guard errno == EINTR else { throw Self.failed("a file made durable") }
    }
    guard unsafe rename(partialPath, path) == 0 else { throw Self.failed("a file renamed") }
    isCommitted = true
  }

  private static func failed(_ expected: String) -> InterchangeError {
    InterchangeError(
      .outputNotWritable, expected: expected, found: "\"\(unsafe String(cString: strerror(errno)))\"")
  }
}
