import Glibc
import MomosModel

/// A file being written: it appears under its path whole, with `commit`, or not at all.
struct OutputFile: ~Copyable {
  private let file: PendingFile

  /// - Throws: `outputNotWritable`, also if `path` is a folder or device.
  init(path: String) throws(InterchangeError) {
    var status = stat()
    if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw InterchangeError(.outputNotWritable, expected: "the path of a file", found: "a folder or device")
    }
    file = try Self.translating(expected: "a folder to write to") { () throws(SystemFailure) in
      try PendingFile(target: path)
    }
  }

  mutating func write(_ bytes: Bytes) throws(InterchangeError) {
    let file = file
    try Self.translating(expected: "room for \(bytes.count) bytes") { () throws(SystemFailure) in
      try file.write(bytes)
    }
  }

  /// Makes the bytes durable and gives the file its name.
  consuming func commit() throws(InterchangeError) {
    let file = file
    try Self.translating(expected: "a file made durable") { () throws(SystemFailure) in
      try file.synchronize()
    }
    try Self.translating(expected: "a file named") { () throws(SystemFailure) in
      try file.rename(overwrite: true)
    }
  }

  private static func translating<Value>(
    expected: String, _ work: () throws(SystemFailure) -> Value
  ) throws(InterchangeError) -> Value {
    do {
      return try work()
    } catch {
      throw InterchangeError(.outputNotWritable, expected: expected, found: "\"\(error.reason)\"")
    }
  }
}
