import MomosModel
import MomosRuntime
import Testing

/// Models of a few nodes, for tests.
enum TestModel {
  /// A model whose graph reads "x" and gives "y", unless said otherwise.
  static func make(
    _ nodes: [Node], tensors: [String: Tensor] = [:], inputs: [GraphValue] = [GraphValue(name: "x")],
    outputs: [String] = ["y"], version: Int = 13
  ) -> Model {
    Model(
      tensors: tensors.sorted { $0.key < $1.key }.map {
        NamedTensor(name: $0.key, content: .dense($0.value))
      },
      graphs: [Graph(inputs: inputs, outputs: outputs.map { GraphValue(name: $0) }, nodes: nodes)],
      operatorSets: [OperatorSet(domain: "", version: version)])
  }

  /// A node named after its operator in lower case.
  static func node(
    _ operatorType: String, _ inputs: [String] = ["x"], _ outputs: [String] = ["y"],
    _ attributes: [String: AttributeValue] = [:]
  ) -> Node {
    Node(
      name: operatorType.lowercased(), operatorType: operatorType, inputs: inputs, outputs: outputs,
      attributes: attributes.sorted { $0.key < $1.key }.map { NodeAttribute(name: $0.key, value: $0.value) })
  }

  static func label(_ operatorType: String, output: String = "y") -> NodeLabel {
    NodeLabel(operatorType: operatorType, name: operatorType.lowercased(), firstOutput: output)
  }

  /// A float32 tensor of the given shape holding 0, 1, 2, ...
  static func ramp(_ dimensions: Int...) throws -> Tensor {
    let shape = try Shape(dimensions)
    return try Tensor((0..<shape.elementCount).map { Float($0) }, shape: shape)
  }

  /// The matrix [[1, 2, 3, 4], [3, 4, 1, 2]] as a mosaic of two motifs.
  static func mosaic(view: MatrixView, shape: Shape) throws -> MosaicTensor {
    let dictionary = MotifDictionary(
      motifCount: 2, blockLength: 2, elementType: .float32,
      values: try Bytes(copying: [1, 2, 3, 4] as [Float]))
    let mosaic = try Mosaic(packing: [0, 1, 1, 0], rowCount: 2, blockCount: 2, blockLength: 2, indexWidth: 1)
    return MosaicTensor(
      elementType: .float32, shape: shape, view: view,
      parts: [MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])])
  }
}

/// Expects the planning of a model to fail with exactly this error, described in one line.
func expectRefused(_ model: Model, _ expected: RuntimeError, _ location: SourceLocation = #_sourceLocation) {
  #expect(throws: expected, sourceLocation: location) { _ = try ExecutionPlan(model: model) }
  expectOneLine(expected, location)
}

/// Expects an execution of a model that can be planned to fail with exactly this error, described in one line.
func expectRefused(
  _ model: Model, _ inputs: [String: Tensor], _ expected: RuntimeError,
  _ location: SourceLocation = #_sourceLocation
) throws {
  let plan = try ExecutionPlan(model: model)
  #expect(throws: expected, sourceLocation: location) { _ = try plan.execute(inputs) }
  expectOneLine(expected, location)
}

private func expectOneLine(_ error: RuntimeError, _ location: SourceLocation) {
  let text = error.description
  #expect(!text.isEmpty && !text.contains("\n"), sourceLocation: location)
}
