import MomosTestSupport
import Testing

/// Arguments that a command must refuse, with an exit code and one line that holds some words.
struct Refusal: Sendable, CustomTestStringConvertible {
  let arguments: [String]
  let exitCode: Int32
  let words: [String]

  /// - Parameter arguments: separated by single spaces.
  init(_ arguments: String, _ exitCode: Int32, _ words: String...) {
    self.arguments = arguments.split(separator: " ").map(String.init)
    self.exitCode = exitCode
    self.words = words
  }

  var testDescription: String { arguments.joined(separator: " ") }

  /// Runs a command in a folder; expects the refusal and that the folder stays as it is.
  func check(_ command: Command, in folder: TestFolder) throws {
    let before = try contents(of: folder)
    let result = try command(arguments, in: folder)
    result.expectRefusal(exitCode)
    for word in words { #expect(result.standardError.contains(word), "\(result.standardError)") }
    #expect(try contents(of: folder) == before)
  }

  /// The files of a folder by name; nil for what is no file.
  private func contents(of folder: TestFolder) throws -> [String: [UInt8]?] {
    Dictionary(uniqueKeysWithValues: folder.names.map { ($0, try? folder.bytes(of: $0)) })
  }
}
