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

  @Test(arguments: ["onnx", "safetensors", "npy", "json"])
  func damagedFileIsRefusedForItsRule(_ format: String) throws {
    let index = try JSONDecoder().decode(
      [String: Damage].self, from: Data(try SourceFixture.content("invalid/index.json", format: format)))
    #expect(index.count > 25)
    let text = try SourceFixture.content("invalid/refusals.txt", format: format)
    let refusals = Set(String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init))
    for (name, damage) in index {
      let path = SourceFixture.path("invalid/\(name)", format: format)
      let error = refusal { () throws(InterchangeError) in try readAll(path) }
      #expect(error.map { "\($0.rule)" } == damage.rule, "\(name): \(error?.description ?? "read")")
      // Rule, place, expected and found.
      let folder = path.dropLast(name.count + 1)
      let message = error.map { "\(name): \($0.rule): \($0.description)" } ?? ""
      let inFolder = message.replacing("\(folder)/", with: "").replacing(folder, with: ".")
      #expect(refusals.contains(inFolder), "\(inFolder)")
      #expect(error?.description.contains(damage.word) == true, "\(name): \(error?.description ?? "read")")
    }
  }

  private func readAll(_ path: String) throws(InterchangeError) -> Int {
    if path.contains("/invalid/graph-") && path.hasSuffix(".json") {
      return try GraphJSON.read(path).graphs.count
    }
    if path.contains("/invalid/plan-") { return try PlanDocument.read(path).tensors.count }
    let source = try SourceCollection.open([path])
    _ = try source.graph()
    for tensor in source.catalog { _ = try source.read(tensor.name) }
    return source.catalog.count
  }
}
