import MomosModel
import Testing

@testable import MomosFormat

/// The O rules of header, sections, graph and provenance.
struct HeaderRuleTests {
  static let header: [Refusal] = [
    Refusal(.h01, "garbage behind the message") { $0.headerSuffix = [0x0A, 0x7F] },
    Refusal(.h01, "field with wire type 7") { $0.headerSuffix = [0x0F] },
    Refusal(.h01, "more messages than the memory budget holds") {
      $0.headerSuffix = (0..<200_000).flatMap { _ in [0x22, 0] as [UInt8] }
    },
    Refusal(.h02, "unknown feature") { $0.header.requiredFeatures = [Array("warp".utf8)] },
    Refusal(.h02, "empty feature") { $0.header.requiredFeatures = [[]] },
    Refusal(.h03, "codec 3") { $0.header.sections[0].codec = 3 },
    Refusal(.h03, "no element type") { file in file.change("floats") { $0.elementType = nil } },
    Refusal(.h03, "element type 0") { file in file.change("floats") { $0.elementType = 0 } },
    Refusal(.h03, "element type 8 (string in ONNX)") { file in file.change("floats") { $0.elementType = 8 } },
    Refusal(.h03, "stored element type 0") { file in file.change("floats") { $0.storedElementType = 0 } },
    Refusal(.h03, "negative element type") { file in file.change("floats") { $0.elementType = .max } },
    Refusal(.h03, "no kind") { file in file.change("floats") { $0.kind = nil } },
    Refusal(.h03, "kind 4") { file in file.change("floats") { $0.kind = 4 } },
    Refusal(.h03, "blocking 2") { file in file.change("simple") { $0.blocking = 2 } },
    Refusal(.h03, "composition 2") { file in file.change("simple") { $0.composition = 2 } },
    Refusal(.h03, "layout 5") { file in file.change("simple") { $0.parts[0].stages[0].layout = 5 } },
    Refusal(.h03, "dictionary without element type") { file in
      file.changeDictionary(of: "simple") { $0.elementType = nil }
    },
    Refusal(.h03, "row scale type 99") { file in
      file.change("simple") { $0.parts[0].rowScaleElementType = 99 }
    },
    Refusal(.h03, "attribute type 0") { file in file.changeAttribute(0) { $0.type = 0 } },
    Refusal(.h03, "attribute type absent") { file in file.changeAttribute(0) { $0.type = nil } },
    Refusal(.h03, "graph value of type 0") { $0.header.graphs[0].inputs[0].elementType = 0 },
    Refusal(.h04, "no name") { file in file.change("floats") { $0.name = nil } },
    Refusal(.h04, "empty name") { file in file.change("floats") { $0.name = [] } },
    Refusal(.h04, "name of 1,025 bytes") { file in
      file.change("bools") { $0.name = [UInt8](repeating: 65, count: 1025) }
    },
    Refusal(.h04, "overlong UTF-8") { file in file.change("bools") { $0.name = [0xC0, 0x80] } },
    Refusal(.h04, "surrogate in UTF-8") { file in file.change("bools") { $0.name = [0xED, 0xA0, 0x80] } },
    Refusal(.h04, "zero byte") { file in file.change("bools") { $0.name = [65, 0, 66] } },
    Refusal(.h05, "duplicate name") { file in file.change("bools") { $0.name = Array("floats".utf8) } },
    Refusal(.h06, "section beyond the last") { file in file.change("floats") { $0.section = 9999 } },
    Refusal(.h06, "dictionary beyond the last") { file in
      file.change("simple") { $0.parts[0].stages[0].dictionary = 9999 }
    },
    Refusal(.h06, "dictionary 0") { file in file.change("simple") { $0.parts[0].stages[0].dictionary = 0 } },
    Refusal(.h06, "dictionary without section") { file in
      file.changeDictionary(of: "simple") { $0.section = nil }
    },
    Refusal(.h06, "alias of nothing") { file in file.change("repeated") { $0.aliasOf = nil } },
    Refusal(.h06, "alias beyond the last") { file in file.change("repeated") { $0.aliasOf = 9999 } },
    Refusal(.h06, "graph beyond the last") { file in file.changeAttribute(8) { $0.graph = 3 } },
    Refusal(.h06, "graph 0") { file in file.changeAttribute(8) { $0.graph = 0 } },
    Refusal(.h07, "section that nothing refers to") { _ = $0.addSection([1, 2, 3]) },
    Refusal(.h07, "dictionary that nothing refers to") {
      var dictionary = $0.header.dictionaries[0]
      dictionary.section = $0.addSection($0.payloads[Int(dictionary.section ?? 0) - 1])
      $0.header.dictionaries.append(dictionary)
    },
    Refusal(.h07, "section of two tensors") {
      var twin = $0.tensor("floats")
      twin.name = [66]
      $0.header.tensors.append(twin)
    },
  ]

  static let sections: [Refusal] = [
    Refusal(.s01, "first section at 128") { $0.header.sections[0].offset = 128 },
    Refusal(.s01, "no offset") { $0.header.sections[0].offset = nil },
    Refusal(.s01, "overlap") { $0.header.sections[1].offset = 64 },
    Refusal(.s01, "offset of 2^64 - 64") { $0.header.sections[1].offset = .max - 63 },
    Refusal(.s01, "past the header") {
      $0.header.sections[0].storedByteCount = 1 << 20
      $0.header.sections[0].rawByteCount = 1 << 20
    },
    Refusal(.s01, "count that wraps around") {
      $0.header.sections[0].storedByteCount = .max
      $0.header.sections[0].rawByteCount = .max
    },
    Refusal(.s01, "hole before the header") { $0.payloads.append([0]) },
    Refusal(.s02, "no stored bytes") { $0.header.sections[0].storedByteCount = 0 },
    Refusal(.s02, "no raw bytes") { $0.header.sections[0].rawByteCount = nil },
    Refusal(.s03, "stored and raw differ") { $0.header.sections[0].rawByteCount = 23 },
    Refusal(.s04, "planes without planes codec") { $0.header.sections[0].planeCount = 4 },
    Refusal(.s04, "no planes") { $0.header.sections[0].codec = 2 },
    Refusal(.s04, "3 planes") {
      $0.header.sections[0].codec = 2
      $0.header.sections[0].planeCount = 3
    },
    Refusal(.s04, "planes that do not divide") {
      $0.header.sections[1].codec = 2
      $0.header.sections[1].planeCount = 8
    },
    Refusal(.s05, "expansion by more than 1,024") {
      $0.header.sections[0].codec = 1
      $0.header.sections[0].rawByteCount = 1024 * 24 + 1
    },
  ]

  static let graph: [Refusal] = [
    Refusal(.g01, "unnamed input") { $0.header.graphs[0].inputs[0].name = nil },
    Refusal(.g01, "empty output") { $0.header.graphs[0].outputs[0].name = [] },
    Refusal(.g01, "no operator type") { $0.header.graphs[0].nodes[0].operatorType = nil },
    Refusal(.g01, "unnamed attribute") { file in file.changeAttribute(0) { $0.name = [] } },
    Refusal(.g01, "long node name") {
      $0.header.graphs[0].nodes[0].name = [UInt8](repeating: 65, count: 1025)
    },
    Refusal(.g01, "node input that is not UTF-8") { $0.header.graphs[0].nodes[0].inputs[1] = [0xFF] },
    Refusal(.g01, "zero byte in a node output") { $0.header.graphs[0].nodes[0].outputs[0] = [0] },
    Refusal(.g01, "domain that is not UTF-8") { $0.header.graphs[0].nodes[0].domain = [0x80] },
    Refusal(.g01, "symbol with a zero byte") { $0.header.graphs[0].inputs[0].dimensions[0].symbol = [0] },
    Refusal(.g01, "operator set domain that is not UTF-8") { $0.header.operatorSets[0].domain = [0xFE] },
    Refusal(.g02, "no value") { file in file.changeAttribute(0) { $0.float = nil } },
    Refusal(.g02, "another value") { file in file.changeAttribute(0) { $0.type = 2 } },
    Refusal(.g02, "two values") { file in file.changeAttribute(0) { $0.int = 0 } },
    Refusal(.g02, "a value beside an empty list") { file in file.changeAttribute(6) { $0.string = [] } },
    Refusal(.g03, "tensor that the file does not have") { file in
      file.changeAttribute(7) { $0.tensor = Array("other".utf8) }
    },
    Refusal(.g03, "tensor name that is not UTF-8") { file in file.changeAttribute(7) { $0.tensor = [0xFF] } },
    Refusal(.g03, "graph inside itself") { file in file.changeAttribute(8) { $0.graph = 1 } },
    Refusal(.g04, "domain twice") { $0.header.operatorSets[1].domain = nil },
    Refusal(.g04, "version 0") { $0.header.operatorSets[0].version = nil },
    Refusal(.g04, "version 2^31") { $0.header.operatorSets[0].version = 1 << 31 },
    Refusal(.g05, "size above 2^48") { $0.header.graphs[0].inputs[0].dimensions[1].size = 1 << 48 + 1 },
    Refusal(.g05, "size and symbol") { $0.header.graphs[0].inputs[0].dimensions[0].size = 1 },
    Refusal(.g06, "65,537 nodes") {
      $0.header.graphs[1].nodes = [NodeRecord](repeating: NodeRecord(operatorType: [65]), count: 65_537)
    },
    Refusal(.g05, "17 dimensions") {
      $0.header.graphs[0].inputs[0].dimensions = [DimensionRecord](repeating: DimensionRecord(), count: 17)
    },
  ]

  static let provenance: [Refusal] = [
    Refusal(.p01, "tool version that is not UTF-8") { $0.header.provenance?.toolVersion = [0xFF] },
    Refusal(.p01, "zero byte") { $0.header.provenance?.options[0].name = [65, 0] },
    Refusal(.p01, "value of 4,097 bytes") {
      $0.header.provenance?.options[0].value = [UInt8](repeating: 65, count: 4097)
    },
    Refusal(.p01, "class that is not UTF-8") { $0.header.provenance?.tensors[0].className = [0xC3] },
    Refusal(.p02, "tensor twice") { file in
      if let entry = file.header.provenance?.tensors[0] { file.header.provenance?.tensors.append(entry) }
    },
    Refusal(.p02, "tensor beyond the last") { $0.header.provenance?.tensors[0].tensor = 9999 },
    Refusal(.p02, "no tensor") { $0.header.provenance?.tensors[0].tensor = nil },
  ]

  @Test(arguments: header + sections + graph + provenance)
  func brokenHeaderIsRefused(refusal: Refusal) throws { try refusal.check() }

  @Test func unchangedFileIsAccepted() throws {
    let bytes = try SampleModel.bytes()
    let file = try ForgedFile(bytes)
    #expect(try file.bytes() == bytes)
    try MomosReader(bytes).checkAll()
  }

  /// Field 100, a varint, and field 101, two bytes: unknown to this version and to be ignored.
  @Test func unknownFieldsAreIgnored() throws {
    var file = try ForgedFile(try SampleModel.bytes())
    file.headerSuffix = [0xA0, 0x06, 0x01, 0xAA, 0x06, 0x02, 0x41, 0x42]
    try MomosReader(try file.bytes()).checkAll()
  }

  @Test func limitsThemselvesAreAllowed() throws {
    var file = try ForgedFile(try SampleModel.bytes())
    file.change("bools") { $0.name = [UInt8](repeating: 65, count: 1024) }
    file.header.graphs[0].inputs[0].dimensions[1].size = 1 << 48
    file.header.operatorSets[0].version = (1 << 31) - 1
    file.header.provenance?.options[0].value = [UInt8](repeating: 65, count: 4096)
    file.header.graphs[1].nodes = [NodeRecord](repeating: NodeRecord(operatorType: [65]), count: 65_536)
    try MomosReader(try file.bytes()).checkAll()
  }

  /// Names are bytes: these two are canonically equivalent, which makes Swift strings equal.
  @Test func namesThatDifferInNormalisationAreDifferent() throws {
    var file = try ForgedFile(try SampleModel.bytes())
    file.change("floats") { $0.name = Array("\u{E9}".utf8) }
    file.change("bools") { $0.name = Array("e\u{301}".utf8) }
    file.changeAttribute(7) { $0.tensor = Array("\u{E9}".utf8) }
    let reader = try MomosReader(try file.bytes())
    #expect(try reader.entry("\u{E9}").elementType == .float32)
    #expect(try reader.entry("e\u{301}").elementType == .bool)
  }
}
