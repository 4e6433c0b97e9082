import MomosModel
import Testing

@testable import MomosFormat

/// A change to the sample file that breaks exactly one rule.
struct Refusal: Sendable, CustomTestStringConvertible {
  let rule: FormatRule
  let what: String
  /// The tensor whose loading must fail; nil if opening must.
  var tensor: String?
  let change: @Sendable (inout ForgedFile) throws -> Void

  init(
    _ rule: FormatRule, _ what: String, loading tensor: String? = nil,
    _ change: @escaping @Sendable (inout ForgedFile) throws -> Void
  ) {
    self.rule = rule
    self.what = what
    self.tensor = tensor
    self.change = change
  }

  var testDescription: String { "\(rule.rawValue) \(what)" }

  /// Makes the change and expects the error at the right door.
  func check() throws {
    var file = try ForgedFile(try SampleModel.bytes())
    try change(&file)
    let bytes = try file.bytes()
    guard let tensor else {
      let error = #expect(throws: FormatError.self) { try MomosReader(bytes) }
      #expect(error?.rule == rule, "\(error.map { "\($0)" } ?? "")")
      return
    }
    let reader = try MomosReader(bytes)
    let error = #expect(throws: FormatError.self) { try reader.load(tensor) }
    #expect(error?.rule == rule, "\(error.map { "\($0)" } ?? "")")
  }
}

extension ForgedFile {
  /// Position of a tensor of the sample model in the header.
  func position(_ name: String) -> Int {
    header.tensors.firstIndex { $0.name == Array(name.utf8) } ?? 0
  }

  mutating func change(_ name: String, _ body: (inout TensorRecord) -> Void) {
    body(&header.tensors[position(name)])
  }

  func tensor(_ name: String) -> TensorRecord { header.tensors[position(name)] }

  /// The dictionary of a stage of a tensor.
  func dictionaryPosition(_ name: String, part: Int = 0, stage: Int = 0) -> Int {
    Int(tensor(name).parts[part].stages[stage].dictionary ?? 0) - 1
  }

  mutating func changeDictionary(
    of name: String, stage: Int = 0, _ body: (inout DictionaryRecord) -> Void
  ) {
    body(&header.dictionaries[dictionaryPosition(name, stage: stage)])
  }

  mutating func changeAttribute(_ position: Int, _ body: (inout AttributeRecord) -> Void) {
    body(&header.graphs[0].nodes[0].attributes[position])
  }
}
