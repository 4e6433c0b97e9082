import MomosModel
import Testing

@testable import MomosFormat

/// The spec and the code name the same rules.
struct SpecTests {
  /// The rules of the tables, with their doors: rows that start with "| F-01 | O |".
  private static func rules() throws -> [(id: String, door: String)] {
    try Repository.text("spec/momos-format.md").split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingSpaces }
      guard cells.count >= 3, cells[1] == "O" || cells[1] == "L" else { return nil }
      return (cells[0], cells[1])
    }
  }

  @Test func everyRuleOfTheSpecHasACase() throws {
    let cases = FormatRule.allCases.filter(\.isSpecRule).map(\.rawValue)
    #expect(Set(try Self.rules().map(\.id)) == Set(cases))
  }

  @Test func everyRuleIsTestedAtItsDoor() throws {
    let refusals =
      HeaderRuleTests.header + HeaderRuleTests.sections + HeaderRuleTests.graph + HeaderRuleTests.provenance
      + TensorRuleTests.tensors + TensorRuleTests.dictionaries + TensorRuleTests.mosaics
      + LoadRuleTests.weights
    var opened = Set(refusals.filter { $0.tensor == nil }.map(\.rule.rawValue))
    opened.formUnion(PreambleTests.changes.map(\.rule.rawValue))
    opened.insert("F-01")
    var loaded = Set(refusals.filter { $0.tensor != nil }.map(\.rule.rawValue))
    loaded.formUnion(CodecRuleTests.frames.map(\.rule.rawValue))
    let rules = try Self.rules()
    #expect(Set(rules.filter { $0.door == "O" }.map(\.id)) == opened)
    #expect(Set(rules.filter { $0.door == "L" }.map(\.id)) == loaded)
  }
}
