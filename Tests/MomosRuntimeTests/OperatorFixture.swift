import FoundationEssentials
import MomosModel
import MomosTestSupport
import Testing

/// One folder of fixtures/operators: a small graph, its inputs and the outputs that numpy computed.
struct OperatorFixture {
  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "fixtures/operators")

  let model: Model
  let inputs: [String: Tensor]
  let expected: [(name: String, tensor: Tensor, tolerance: Double)]

  /// - Parameter name: for instance "Gemm/trans_01".
  init(_ name: String) throws {
    let folder = Self.folder.appending(path: name)
    let description = try JSONDecoder().decode(
      Description.self, from: Data(contentsOf: folder.appending(path: "case.json")))
    func tensor(_ value: Value) throws -> Tensor {
      try NPYFixture.tensor(
        at: folder.appending(path: value.name + ".npy"), elementType: value.requiredElementType())
    }
    model = Model(
      tensors: try description.tensors.map { NamedTensor(name: $0.name, content: .dense(try tensor($0))) },
      graphs: [
        Graph(
          inputs: description.inputs.map { GraphValue(name: $0.name) },
          outputs: try description.outputs.map {
            GraphValue(name: $0.name, elementType: try $0.requiredElementType())
          },
          nodes: description.nodes.map(\.node))
      ],
      operatorSets: [OperatorSet(domain: "", version: description.version)])
    inputs = try Dictionary(uniqueKeysWithValues: description.inputs.map { ($0.name, try tensor($0)) })
    expected = try description.outputs.map { ($0.name, try tensor($0), $0.tolerance ?? 0) }
  }

  /// The names of the cases there are.
  static func names() throws -> [String] {
    let files = FileManager.default
    return try files.contentsOfDirectory(atPath: folder.path).filter { !$0.hasSuffix(".json") }
      .flatMap { operatorName in
        try files.contentsOfDirectory(atPath: folder.appending(path: operatorName).path)
          .map { "\(operatorName)/\($0)" }
      }.sorted()
  }

  /// The names of the cases the script wrote.
  static func writtenNames() throws -> [String] {
    try JSONDecoder().decode([String].self, from: Data(contentsOf: folder.appending(path: "index.json")))
  }
}

/// case.json.
private struct Description: Decodable {
  let version: Int
  let nodes: [NodeDescription]
  let inputs: [Value]
  let tensors: [Value]
  let outputs: [Value]
}

private struct Value: Decodable {
  let name: String
  let elementType: String
  let tolerance: Double?

  func requiredElementType() throws -> ElementType {
    try #require(ElementType(name: elementType))
  }
}

private struct NodeDescription: Decodable {
  let `operator`: String
  let inputs: [String]
  let outputs: [String]
  let attributes: [String: Attribute]

  var node: Node {
    Node(
      operatorType: `operator`, inputs: inputs, outputs: outputs,
      attributes: attributes.sorted { $0.key < $1.key }.map {
        NodeAttribute(name: $0.key, value: $0.value.value)
      })
  }

  struct Attribute: Decodable {
    let int: Int?
    let float: Float?
    let string: String?
    let ints: [Int]?
    let floats: [Float]?
    let strings: [String]?

    var value: AttributeValue {
      if let int { return .int(int) }
      if let float { return .float(float) }
      if let string { return .string(Array(string.utf8)) }
      if let floats { return .floats(floats) }
      if let strings { return .strings(strings.map { Array($0.utf8) }) }
      return .ints(ints ?? [])
    }
  }
}
