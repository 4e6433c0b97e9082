import MomosModel
import MomosRuntime
import Testing

/// Random graphs, most of them wrong in some way: they execute or are refused, but never trap.
struct RandomGraphTests {
  private static let operators = [
    "Add", "ArgMax", "Concat", "Div", "Erf", "Flatten", "Gelu", "Gemm", "Identity", "LayerNormalization",
    "MatMul",
    "Mul", "Relu", "Reshape", "Sigmoid", "Softmax", "Sub", "Tanh", "Transpose",
  ]
  private static let attributes = [
    "alpha", "axis", "keepdims", "perm", "select_last_index", "transA", "transB",
  ]

  @Test(arguments: 0..<20)
  func randomGraphsAreExecutedOrRefused(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var executedCount = 0
    for _ in 0..<500 {
      let model = try randomModel(&generator)
      do {
        let plan = try ExecutionPlan(model: model)
        let outputs = try plan.execute(["x": try randomTensor(&generator)])
        #expect(outputs.count == model.graphs[0].outputs.count)
        executedCount += 1
      } catch let error as RuntimeError {
        #expect(!error.description.isEmpty && !error.description.contains("\n"))
      }
    }
    #expect(executedCount > 50)
  }

  private func randomModel(_ generator: inout SeededGenerator) throws -> Model {
    let version = 6 + generator.nextIndex(below: 17)
    var tensors = ["w": try randomTensor(&generator), "v": try randomTensor(&generator)]
    let sizes = (0..<generator.nextIndex(below: 4)).map { _ in Int64(generator.nextIndex(below: 5)) - 1 }
    tensors["s"] = try Tensor(sizes, shape: Shape(vector: sizes.count))
    var names = ["x", "x", "w", "v", "s"]
    var nodes: [Node] = []
    for number in 0..<(1 + generator.nextIndex(below: 4)) {
      nodes.append(randomNode(number, names, &generator))
      names.append("y\(number)")
    }
    return TestModel.make(nodes, tensors: tensors, outputs: ["y\(nodes.count - 1)"], version: version)
  }

  private func randomNode(_ number: Int, _ names: [String], _ generator: inout SeededGenerator) -> Node {
    let operatorType = Self.operators[generator.nextIndex(below: Self.operators.count)]
    let takesTwo = ["Add", "Div", "Gemm", "LayerNormalization", "MatMul", "Mul", "Reshape", "Sub"]
    let isRightCount = generator.nextIndex(below: 4) > 0
    let count = isRightCount ? (takesTwo.contains(operatorType) ? 2 : 1) : generator.nextIndex(below: 4)
    let inputs = (0..<count).map { _ in
      names[generator.nextIndex(below: names.count)]
    }
    var values: [String: AttributeValue] = [:]
    if operatorType == "Concat" || generator.nextIndex(below: 3) == 0 {
      let name = Self.attributes[generator.nextIndex(below: Self.attributes.count)]
      let number = generator.nextIndex(below: 6) - 3
      values[operatorType == "Concat" ? "axis" : name] =
        name == "perm" ? .ints([1, 0]) : name == "alpha" ? .float(Float(number)) : .int(number)
    }
    return TestModel.node(operatorType, inputs, ["y\(number)"], values)
  }

  /// A tensor of up to three axes of sizes 0 to 3, most often 2, and any element type, most often float32.
  private func randomTensor(_ generator: inout SeededGenerator) throws -> Tensor {
    let sizes = [0, 1, 1, 2, 2, 2, 2, 3]
    let shape = try Shape(
      (0..<generator.nextIndex(below: 4)).map { _ in sizes[generator.nextIndex(below: sizes.count)] })
    let isCommon = generator.nextIndex(below: 4) > 0
    let types = ElementType.allCases
    let elementType = isCommon ? .float32 : types[generator.nextIndex(below: types.count)]
    let bytes = (0..<(shape.elementCount * elementType.byteCount)).map { _ in
      elementType == .bool
        ? UInt8(generator.nextIndex(below: 2)) : UInt8(truncatingIfNeeded: generator.next())
    }
    return Tensor(elementType: elementType, shape: shape, bytes: try Bytes(copying: bytes))
  }
}
