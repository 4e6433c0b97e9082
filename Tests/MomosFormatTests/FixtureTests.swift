import MomosModel
import Testing

@testable import MomosFormat

/// The fixtures that another implementation wrote from the spec alone.
struct FixtureTests {
  /// One line of fixtures/invalid/index.json.
  struct Invalid: Sendable, CustomTestStringConvertible {
    let file: String
    let rule: String
    let door: String
    let tensor: String?

    var testDescription: String { "\(rule) \(file)" }
  }

  static let invalid: [Invalid] =
    (try? JSONObjects.parse(Repository.text("fixtures/invalid/index.json")))?
    .compactMap { object in
      guard let file = object["file"], let rule = object["rule"], let door = object["door"] else {
        return nil
      }
      return Invalid(file: file, rule: rule, door: door, tensor: object["tensor"])
    } ?? []
  /// The whole messages, "FILE: MESSAGE".
  static let refusals = Set(
    ((try? Repository.text("fixtures/invalid/refusals.txt")) ?? "").split(separator: "\n").map(String.init))
  static let valid = Repository.files(in: "fixtures/valid", suffix: ".momos")

  @Test(arguments: invalid) func invalidFixtureIsRefused(fixture: Invalid) throws {
    let path = Repository.path("fixtures/invalid/\(fixture.file)")
    let error: FormatError?
    if fixture.door == "open" {
      error = #expect(throws: FormatError.self) { try MomosReader(path: path) }
    } else {
      let reader = try MomosReader(path: path)
      error = #expect(throws: FormatError.self) {
        if let tensor = fixture.tensor { _ = try reader.load(tensor) } else { try reader.checkAll() }
      }
    }
    #expect(error?.rule.rawValue == fixture.rule, "\(error.map { "\($0)" } ?? "")")
    // Rule, place, expected and found.
    let message = error.map { "\(fixture.file): \($0)" } ?? ""
    #expect(Self.refusals.contains(message), "\(message)")
  }

  @Test(arguments: valid) func validFixtureIsAccepted(name: String) throws {
    try MomosReader(path: Repository.path("fixtures/valid/\(name)")).checkAll()
  }

  @Test func invalidFixturesCoverEveryRule() {
    let rules = FormatRule.allCases.filter(\.isSpecRule).map(\.rawValue)
    #expect(Set(Self.invalid.map(\.rule)) == Set(rules))
  }

  @Test func validFixturesExist() {
    #expect(!Self.valid.isEmpty)
  }
}

/// Reads a JSON array of flat objects whose values are strings, which is all that the index of fixtures is.
enum JSONObjects {
  static func parse(_ text: String) throws -> [[String: String]] {
    var objects: [[String: String]] = []
    for body in text.split(separator: "{").dropFirst() {
      let strings = strings(in: body.prefix { $0 != "}" })
      guard strings.count % 2 == 0 else { throw FolderError(code: 0) }
      var object: [String: String] = [:]
      for pair in stride(from: 0, to: strings.count, by: 2) { object[strings[pair]] = strings[pair + 1] }
      objects.append(object)
    }
    return objects
  }

  private static func strings(in text: Substring) -> [String] {
    text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}
