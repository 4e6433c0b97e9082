import MomosModel
import Testing

@testable import MomosInterchange

/// Every truncation and every flipped bit of the texts that are read: refused, or read as what they say now.
struct DamagedTextTests {
  private static let graph = """
    {"operator_sets": [{"domain": "", "version": 17}], "graphs": [{"name": "g", "inputs": [{"name": "x", "element_type": "f32",
    "dimensions": ["n", 4, null]}], "outputs": [{"name": "y"}], "nodes": [{"name": "a", "operator": "Gemm", "inputs": ["x",
    "w\\u0041\\ud83d\\ude00"], "outputs": ["y"], "attributes": [{"name": "b", "int": -1}, {"name": "c", "floats": [1.5e3, "nan"]},
    {"name": "d", "strings": ["e", [255]]}, {"name": "f", "graph": 2}]}]}, {"inputs": [], "outputs": [], "nodes": []}]}
    """
  private static let plan = """
    {"momos_plan": 1, "goal": "2 bits", "bits": 1.5, "tensors": [{"name": "a", "class": "s8k256", "byte_count": 10},
    {"name": "b", "parts": [{"rows": "0-9 20", "class": "s4k16", "predicted_loss": 1e-3}]}, {"name": "c", "class": "dense",
    "reason": "is not a matrix"}]}
    """

  @Test func damagedGraphIsRefusedOrReadAsItStands() throws {
    try check(Self.graph) { text throws(InterchangeError) in
      let graph = try GraphJSON.decode(text)
      return GraphJSON.encode(graphs: graph.graphs, operatorSets: graph.operatorSets)
    }
  }

  @Test func damagedPlanIsRefusedOrReadAsItStands() throws {
    try check(Self.plan) { text throws(InterchangeError) in JSON(try PlanDocument.decode(text)).rendered() }
  }

  @Test func planAboveTheCapIsRefused() throws {
    let text = Bytes([UInt8](repeating: UInt8(ascii: " "), count: PlanDocument.maximumByteCount + 1))
    #expect(refusal { () throws(InterchangeError) in try PlanDocument.decode(text) }?.rule == .planTooLarge)
  }

  @Test func optionsAboveTheCapAreRefused() {
    let text = String(repeating: " ", count: OptionsJSON.maximumByteCount + 1)
    #expect(
      refusal { () throws(InterchangeError) in try OptionsJSON(text, names: []) }?.rule == .optionsTooLarge)
  }

  /// The system says that it is a file of 4,096 bytes, and does not map it.
  @Test func fileThatCannotBeMappedIsRefused() {
    let path = "/sys/kernel/mm/transparent_hugepage/enabled"
    #expect(refusal { () throws(InterchangeError) in try NPYFile(path: path) }?.rule == .unreadableFile)
  }

  /// - Parameter read: gives a text that says the same again.
  private func check(_ text: String, read: (Bytes) throws(InterchangeError) -> String) throws {
    let bytes = Array(text.utf8)
    let whole = try read(Bytes(bytes))
    for count in bytes.indices {
      #expect(refusal { () throws(InterchangeError) in try read(Bytes(Array(bytes[..<count]))) } != nil)
    }
    var refusedCount = 0
    for bit in 0..<8 * bytes.count {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      guard let again = try? read(Bytes(damaged)) else {
        refusedCount += 1
        continue
      }
      // What is read is what the text says: written and read again it is the same.
      #expect((try? read(Bytes(Array(again.utf8)))) == again, "bit \(bit)")
    }
    #expect(refusedCount > bytes.count)
    #expect(try read(Bytes(Array(whole.utf8))) == whole)
  }
}
