import Glibc
import MomosModel

/// A file that takes its target's name when it is complete, with the errors of this module.
struct TemporaryFile {
  let target: String
  private let file: PendingFile

  /// - Parameter hasName: true gives it a name from the start, as on systems that know no others.
  /// - Throws: `cannotWrite`, `diskFull`.
  init(target: String, hasName: Bool = false) throws(FormatError) {
    self.target = target
    file = try Self.translating(target) { () throws(SystemFailure) in
      try PendingFile(target: target, hasName: hasName)
    }
  }

  /// Where the bytes can be read.
  var path: String { file.path }
  /// Bytes written so far.
  var byteCount: Int { file.byteCount }

  /// Removes the name, if there is one; the target stays as it is.
  func remove() { file.remove() }

  /// Appends bytes.
  func write(_ bytes: Bytes) throws(FormatError) {
    try Self.translating(target) { () throws(SystemFailure) in try file.write(bytes) }
  }

  /// Appends `count` zero bytes, fewer than 64.
  func write(zeroBytes count: Int) throws(FormatError) {
    if count > 0 { try write(try heapBytes([UInt8](repeating: 0, count: count))) }
  }

  /// Overwrites the start of the file.
  func overwriteStart(_ bytes: Bytes) throws(FormatError) {
    try Self.translating(target) { () throws(SystemFailure) in try file.overwriteStart(bytes) }
  }

  /// Brings the contents to the disk.
  func synchronize() throws(FormatError) {
    try Self.translating(target) { () throws(SystemFailure) in try file.synchronize() }
  }

  /// Gives the file its target's name, atomically, and brings the folder to the disk.
  /// - Throws: `targetExists` unless `overwrite`; `cannotWrite`.
  func rename(overwrite: Bool) throws(FormatError) {
    try Self.translating(target) { () throws(SystemFailure) in try file.rename(overwrite: overwrite) }
  }

  private static func translating<Value>(
    _ target: String, _ work: () throws(SystemFailure) -> Value
  ) throws(FormatError) -> Value {
    do { return try work() } catch { throw failure(target, code: error.code) }
  }

  /// The error for a failed system call on the way to `path`.
  static func failure(_ path: String, code: Int32) -> FormatError {
    switch code {
    case ENOSPC, EDQUOT, EFBIG:
      .system(.diskFull, path: path, expected: "room for the file", code: code)
    case EEXIST:
      FormatError(
        .targetExists, at: quoted(path), expected: "no file of this name, or permission to overwrite it",
        found: "one")
    default:
      .system(.cannotWrite, path: path, expected: "a place that can be written", code: code)
    }
  }
}
