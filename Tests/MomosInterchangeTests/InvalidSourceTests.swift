import FoundationEssentials
import MomosModel
import Testing

@testable import MomosInterchange

/// Every damaged file of fixtures/sources is refused for the rule that its index names.
struct InvalidSourceTests {
  struct Damage: Codable {
    let rule: String
    /// Part of the message.
    let word: String
  }

  @Test(arguments: ["onnx", "safetensors"])
  func damagedFileIsRefusedForItsRule(_ format: String) throws {
    let index = try JSONDecoder().decode(
      [String: Damage].self, from: Data(try SourceFixture.content("invalid/index.json", format: format)))
    #expect(index.count > 35)
    for (name, damage) in index {
      let path = SourceFixture.path("invalid/\(name)", format: format)
      let error = refusal { () throws(InterchangeError) in try readAll(path) }
      #expect(error.map { "\($0.rule)" } == damage.rule, "\(name): \(error?.description ?? "read")")
      #expect(error?.description.contains(damage.word) == true, "\(name): \(error?.description ?? "read")")
    }
  }

  private func readAll(_ path: String) throws(InterchangeError) -> Int {
    let source = try SourceCollection.open([path])
    _ = try source.graph()
    for tensor in source.catalog { _ = try source.read(tensor.name) }
    return source.catalog.count
  }
}
