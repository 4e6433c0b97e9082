import FoundationEssentials
import MomosInterchange
import MomosModel

/// The files that the scripts tools/fixtures/make_*_fixtures.py wrote.
enum SourceFixture {
  static func path(_ name: String) -> String { path(name, format: "npy") }

  static func path(_ name: String, format: String) -> String {
    let repository = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(repository)/fixtures/sources/\(format)/\(name)"
  }

  static func content(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path(name))))
  }

  static func content(_ name: String, format: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path(name, format: format))))
  }
}

/// A folder that is removed with the value.
struct TemporaryFolder: ~Copyable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "momos-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file and returns its path.
  func write(_ content: [UInt8], to name: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(content).write(to: URL(filePath: file))
    return file
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
  }

  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }
}

/// The error of work that must be refused, or nil if it is not.
func refusal<Value>(_ work: () throws(InterchangeError) -> Value) -> InterchangeError? {
  do {
    _ = try work()
    return nil
  } catch {
    return error
  }
}

extension Bytes {
  /// A copy of the bytes, for tests with little data.
  init(_ bytes: [UInt8]) {
    do {
      try self.init(copying: bytes)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

/// The first position of `part`.
func position(of part: [UInt8], in whole: [UInt8]) -> Int? {
  whole.indices.first { whole[$0...].starts(with: part) }
}
