import Glibc
import MomosModel

/// A file being written: it appears under its path whole, with `commit`, or not at all.
///
/// Until then it has no name, so that nothing is left of it however the process ends. Where the file system only knows
/// files with names, it is called `PATH.partial`, which is removed if `commit` is not reached; one that a killed process
/// left is replaced.
struct OutputFile: ~Copyable {
  private let path: String
  /// Where the bytes can be reached.
  private let temporaryPath: String
  private let descriptor: Int32
  private let isNamed: Bool
  private var isCommitted = false

  /// - Parameter hasName: true gives it a name from the start, as on systems that know no others.
  /// - Throws: `outputNotWritable`, also if `path` is a folder or device.
  init(path: String, hasName: Bool = false) throws(InterchangeError) {
    var status = stat()
    if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw InterchangeError(.outputNotWritable, expected: "the path of a file", found: "a folder or device")
    }
    let nameless = hasName ? nil : Self.nameless(beside: path)
    let place = if let nameless { nameless } else { try Self.named(beside: path) }
    self.path = path
    (descriptor, temporaryPath, isNamed) = (place.descriptor, place.path, place.isNamed)
  }

  deinit {
    close(descriptor)
    if isNamed && !isCommitted { unsafe unlink(temporaryPath) }
  }

  /// An open file, and where its bytes can be reached.
  private typealias Place = (descriptor: Int32, path: String, isNamed: Bool)

  private static func named(beside path: String) throws(InterchangeError) -> Place {
    let partialPath = path + ".partial"
    unsafe unlink(partialPath)
    let descriptor = unsafe open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failed("a folder to write to") }
    return (descriptor, partialPath, true)
  }

  /// A file without a name in the folder of `path`, and the path under which the process can still reach it; nil where
  /// the system does not have both.
  private static func nameless(beside path: String) -> Place? {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = unsafe open(folder, O_WRONLY | temporaryFlag | O_DIRECTORY | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return nil }
    let path = "/proc/self/fd/\(descriptor)"
    if unsafe access(path, W_OK) == 0 { return (descriptor, path, false) }
    close(descriptor)
    return nil
  }

  /// `O_TMPFILE` without `O_DIRECTORY`; the macro is not visible here.
  private static let temporaryFlag: Int32 = 0o20_000_000

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
    if isNamed {
      try Self.move(temporaryPath, to: path)
    } else if !link(as: path) {
      guard errno == EEXIST else { throw Self.failed("a file named") }
      try Self.move(try claimName(), to: path)
    }
    isCommitted = true
  }

  /// Replaces the file of a name; only one that has a name itself can.
  private static func move(_ name: String, to path: String) throws(InterchangeError) {
    guard unsafe rename(name, path) == 0 else {
      let failure = Self.failed("a file renamed")
      unsafe unlink(name)
      throw failure
    }
  }

  private borrowing func link(as name: String) -> Bool {
    unsafe linkat(AT_FDCWD, temporaryPath, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0
  }

  /// Gives the file the first name `PATH.partial-N` that is free.
  private borrowing func claimName() throws(InterchangeError) -> String {
    for number in 1...1000 {
      let name = "\(path).partial-\(number)"
      if link(as: name) { return name }
      guard errno == EEXIST else { break }
    }
    throw Self.failed("a file named")
  }

  private static func failed(_ expected: String) -> InterchangeError {
    InterchangeError(
      .outputNotWritable, expected: expected, found: "\"\(unsafe String(cString: strerror(errno)))\"")
  }
}
