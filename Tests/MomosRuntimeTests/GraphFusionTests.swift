import Glibc
import MomosModel
import Testing

@testable import MomosRuntime

/// Patterns of nodes become one operator, and mean what they meant; expected values are the formulas in float64.
struct GraphFusionTests {
  private static let scale: [Float] = [1, 2, -1, 0.5]
  private static let bias: [Float] = [0, 1, 0.25, -3]
  private static let x: [Float] = [0.5, -1, 2, 3.25, -4, 0, 1, 1e-3]

  private static func tensors() throws -> [String: Tensor] {
    func scalar(_ value: Float) throws -> Tensor { try Tensor([value], shape: try Shape([])) }
    return [
      "one": try scalar(1), "two": try scalar(2), "three": try scalar(3), "half": try scalar(0.5),
      "root": try scalar(1.4142135), "epsilon": try scalar(1e-5), "cubic": try scalar(0.044715),
      "slope": try scalar(0.7978846), "scale": try Tensor(scale, shape: Shape(vector: 4)),
      "bias": try Tensor(bias, shape: Shape(vector: 4)),
      "weight": try Tensor((0..<16).map { Float($0 % 5) - 2 }, shape: Shape(rows: 4, columns: 4)),
    ]
  }

  /// Executes nodes that read "x" `[2, 4]` and give "y".
  private func result(_ nodes: [Node], stepCount: Int) throws -> [Float] {
    let model = TestModel.make(nodes, tensors: try Self.tensors())
    let planner = try ExecutionPlanner(model, graph: 0, precision: .exact)
    #expect(planner.steps.count == stepCount)
    let plan = try ExecutionPlan(model: model, precision: .exact)
    let x = try Tensor(Self.x, shape: Shape(rows: 2, columns: 4))
    return try #require(try plan.execute(["x": x])["y"]).floats()
  }

  private func expectClose(
    _ found: [Float], _ expected: [Double], _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, sourceLocation: location)
    for (value, wanted) in zip(found, expected) {
      #expect(abs(Double(value) - wanted) <= 1e-6 * max(1, abs(wanted)), sourceLocation: location)
    }
  }

  private static let layerNormalization = [
    TestModel.node("ReduceMean", ["x"], ["mean"], ["axes": .ints([-1])]),
    TestModel.node("Sub", ["x", "mean"], ["d"]),
    TestModel.node("Pow", ["d", "two"], ["d2"]),
    TestModel.node("ReduceMean", ["d2"], ["variance"], ["axes": .ints([-1])]),
    TestModel.node("Add", ["variance", "epsilon"], ["sum"]),
    TestModel.node("Sqrt", ["sum"], ["deviation"]),
    TestModel.node("Div", ["d", "deviation"], ["n"]),
    TestModel.node("Mul", ["scale", "n"], ["scaled"]),
    TestModel.node("Add", ["scaled", "bias"], ["y"]),
  ]

  private static func normalized() -> [Double] {
    [x[0..<4], x[4..<8]].flatMap { row in
      let values = row.map(Double.init)
      let mean = values.reduce(0, +) / 4
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4
      return values.indices.map {
        (values[$0] - mean) / (variance + 1e-5).squareRoot() * Double(scale[$0]) + Double(bias[$0])
      }
    }
  }

  @Test func layerNormalizationWrittenOutIsOneStep() throws {
    expectClose(try result(Self.layerNormalization, stepCount: 1), Self.normalized())
  }

  @Test func patternWithAValueThatOthersReadStays() throws {
    let model = TestModel.make(
      Self.layerNormalization, tensors: try Self.tensors(), outputs: ["y", "deviation"])
    #expect(try ExecutionPlanner(model, graph: 0, precision: .exact).steps.count == 9)
  }

  @Test func geluWrittenOutIsOneStep() throws {
    let nodes = [
      TestModel.node("Div", ["x", "root"], ["a"]), TestModel.node("Erf", ["a"], ["b"]),
      TestModel.node("Add", ["b", "one"], ["c"]), TestModel.node("Mul", ["x", "c"], ["d"]),
      TestModel.node("Mul", ["d", "half"]),
    ]
    let expected = Self.x.map { Double($0) / 2 * (1 + erf(Double($0) / 2.0.squareRoot())) }
    expectClose(try result(nodes, stepCount: 1), expected)
  }

  @Test func geluWithTanhWrittenOutIsOneStep() throws {
    let nodes = [
      TestModel.node("Pow", ["x", "three"], ["a"]), TestModel.node("Mul", ["a", "cubic"], ["b"]),
      TestModel.node("Add", ["x", "b"], ["c"]), TestModel.node("Mul", ["c", "slope"], ["d"]),
      TestModel.node("Tanh", ["d"], ["e"]), TestModel.node("Add", ["e", "one"], ["f"]),
      TestModel.node("Mul", ["x", "half"], ["g"]), TestModel.node("Mul", ["g", "f"]),
    ]
    let expected = Self.x.map { value -> Double in
      let x = Double(value)
      return x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }
    expectClose(try result(nodes, stepCount: 1), expected)
  }

  @Test(arguments: [("Relu", false), ("Tanh", false), ("Sigmoid", false), ("Relu", true)])
  func productWithBiasAndActivationIsOneStep(_ activation: String, _ isBiasFirst: Bool) throws {
    let nodes = [
      TestModel.node("MatMul", ["x", "weight"], ["a"]),
      TestModel.node("Add", isBiasFirst ? ["bias", "a"] : ["a", "bias"], ["b"]),
      TestModel.node(activation, ["b"]),
    ]
    let expected = (0..<8).map { position -> Double in
      let (row, column) = (position / 4, position % 4)
      let sum = (0..<4).reduce(Double(Self.bias[column])) {
        $0 + Double(Self.x[row * 4 + $1]) * Double(($1 * 4 + column) % 5 - 2)
      }
      return switch activation {
      case "Relu": max(sum, 0)
      case "Tanh": tanh(sum)
      default: 1 / (1 + exp(-sum))
      }
    }
    expectClose(try result(nodes, stepCount: 1), expected)
  }

  @Test func joinedNodesOfAnUnsupportedOperatorSetAreRefused() throws {
    let nodes = [
      TestModel.node("MatMul", ["x", "weight"], ["a"]), TestModel.node("Add", ["a", "bias"]),
    ]
    expectRefused(
      TestModel.make(nodes, tensors: try Self.tensors(), version: 29),
      .unsupportedOperatorSet(domain: "", version: 29, supported: 7...28))
  }

  @Test func joinedNodesWithAnUnknownAttributeAreRefused() throws {
    let nodes = [
      TestModel.node("MatMul", ["x", "weight"], ["a"]),
      TestModel.node("Add", ["a", "bias"], ["y"], ["sharpness": .int(1)]),
    ]
    expectRefused(
      TestModel.make(nodes, tensors: try Self.tensors()),
      .unknownAttribute(TestModel.label("Add"), attribute: "sharpness", version: 13))
  }
}
