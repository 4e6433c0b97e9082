import Glibc
import MomosKernels
import MomosModel
import Testing

@testable import MomosRuntime

/// Attention written out becomes one step and means what it meant; expected values are the formula in float64.
struct AttentionFusionTests {
  private static let heads = 2
  private static let size = 3

  /// Query `q`, key `k` and value `v` of `[samples, length, heads, size]`, as exporters split projections.
  private static let transposed = [
    TestModel.node("Transpose", ["q"], ["qt"], ["perm": .ints([0, 2, 1, 3])]),
    TestModel.node("Transpose", ["k"], ["kt"], ["perm": .ints([0, 2, 3, 1])]),
    TestModel.node("Transpose", ["v"], ["vt"], ["perm": .ints([0, 2, 1, 3])]),
    TestModel.node("MatMul", ["qt", "kt"], ["products"]),
  ]
  private static let end = [
    TestModel.node("Softmax", ["scores"], ["weights"], ["axis": .int(-1)]),
    TestModel.node("MatMul", ["weights", "vt"], ["sums"]),
    TestModel.node("Transpose", ["sums"], ["y"], ["perm": .ints([0, 2, 1, 3])]),
  ]

  private func normals(_ dimensions: [Int], seed: UInt64) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let shape = try Shape(dimensions)
    return try Tensor((0..<shape.elementCount).map { _ in Float(generator.nextNormal()) }, shape: shape)
  }

  /// How the scores come from the products: nodes, and scale and whether there is a mask.
  private static let forms: [(nodes: [Node], scale: Double, hasMask: Bool)] = [
    ([TestModel.node("Add", ["products", "mask"], ["scores"])], 1, true),
    ([TestModel.node("Div", ["products", "four"], ["scores"])], 0.25, false),
    (
      [
        TestModel.node("Mul", ["four", "products"], ["scaled"]),
        TestModel.node("Add", ["mask", "scaled"], ["scores"]),
      ], 4, true
    ),
    (
      [
        TestModel.node("Div", ["products", "four"], ["scaled"]),
        TestModel.node("Add", ["scaled", "mask"], ["scores"]),
      ], 0.25, true
    ),
  ]

  private func model(_ nodes: [Node], outputs: [String] = ["y"]) throws -> Model {
    TestModel.make(
      nodes, tensors: ["four": try Tensor([4] as [Float], shape: try Shape([]))],
      inputs: ["q", "k", "v", "mask"].map { GraphValue(name: $0) }, outputs: outputs)
  }

  private func stepCount(_ model: Model) throws -> Int {
    try ExecutionPlanner(model, graph: 0, precision: .exact).steps.count
  }

  /// The result `[samples, queries, heads, size]` in float64.
  private func expected(
    _ inputs: [String: Tensor], scale: Double,
    mask: (_ sample: Int, _ head: Int, _ query: Int, _ key: Int) -> Double
  ) -> [Double] {
    let (q, k, v) = (inputs["q"]!.floats(), inputs["k"]!.floats(), inputs["v"]!.floats())
    let (queries, keys) = (inputs["q"]!.shape[1], inputs["k"]!.shape[1])
    func place(_ sample: Int, _ row: Int, _ rows: Int, _ head: Int) -> Int {
      ((sample * rows + row) * Self.heads + head) * Self.size
    }
    var results: [Double] = []
    for sample in 0..<inputs["q"]!.shape[0] {
      for query in 0..<queries {
        for head in 0..<Self.heads {
          let scores = (0..<keys).map { key in
            (0..<Self.size).reduce(mask(sample, head, query, key)) {
              $0 + scale * Double(q[place(sample, query, queries, head) + $1])
                * Double(k[place(sample, key, keys, head) + $1])
            }
          }
          let powers = scores.map { exp($0 - scores.max()!) }
          for element in 0..<Self.size {
            let sum = (0..<keys).reduce(0.0) {
              $0 + powers[$1] * Double(v[place(sample, $1, keys, head) + element])
            }
            results.append(sum / powers.reduce(0, +))
          }
        }
      }
    }
    return results
  }

  private func inputs(mask: [Int], queries: Int = 4, keys: Int = 5) throws -> [String: Tensor] {
    [
      "q": try normals([2, queries, Self.heads, Self.size], seed: 1),
      "k": try normals([2, keys, Self.heads, Self.size], seed: 2),
      "v": try normals([2, keys, Self.heads, Self.size], seed: 3), "mask": try normals(mask, seed: 4),
    ]
  }

  private func expectClose(
    _ found: Tensor, _ expected: [Double], _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(found.floats().count == expected.count, sourceLocation: location)
    for (value, wanted) in zip(found.floats(), expected) {
      #expect(abs(Double(value) - wanted) <= 1e-5, sourceLocation: location)
    }
  }

  @Test(arguments: 0..<4, [[2, 1, 1, 5], [1, 2, 4, 5], [5], [4, 5]])
  func attentionWrittenOutIsOneStep(_ form: Int, _ maskShape: [Int]) throws {
    let (nodes, scale, hasMask) = Self.forms[form]
    let model = try model(Self.transposed + nodes + Self.end)
    #expect(try stepCount(model) == 1)
    let inputs = try inputs(mask: maskShape)
    let mask = inputs["mask"]!.floats()
    let sizes = Array(repeating: 1, count: 4 - maskShape.count) + maskShape
    let expected = expected(inputs, scale: scale) { sample, head, query, key in
      guard hasMask else { return 0 }
      let place = zip(sizes, [sample, head, query, key]).reduce(0) { $0 * $1.0 + ($1.0 == 1 ? 0 : $1.1) }
      return Double(mask[place])
    }
    let plan = try ExecutionPlan(model: model, pool: ThreadPool(threadCount: 2), precision: .exact)
    expectClose(try #require(try plan.execute(inputs)["y"]), expected)
  }

  @Test func attentionWhoseWeightsAreReadStays() throws {
    let nodes = Self.transposed + Self.forms[0].nodes + Self.end
    #expect(try stepCount(try model(nodes, outputs: ["y", "weights"])) == nodes.count)
  }

  /// Shapes that broadcast and other element types mean what the nodes mean one by one.
  @Test func operandsThatTheKernelsDoNotTakeAreExecutedNodeByNode() throws {
    let model = try model(
      [TestModel.node("MatMul", ["q", "k"], ["products"])] + Self.forms[0].nodes + [
        Self.end[0], TestModel.node("MatMul", ["weights", "v"]),
      ])
    #expect(try stepCount(model) == 1)
    let plan = try ExecutionPlan(model: model, precision: .exact)
    // By hand: scores [0, ln 3] for both samples of the mask; weights 1/4 and 3/4.
    let logarithm = Float(log(3.0))
    let inputs: [String: Tensor] = [
      "q": try Tensor([1, 0] as [Float], shape: Shape(rows: 1, columns: 2)),
      "k": try Tensor([0, 0, 5, 5] as [Float], shape: Shape(rows: 2, columns: 2)),
      "v": try Tensor([4, 8] as [Float], shape: Shape(rows: 2, columns: 1)),
      "mask": try Tensor([0, logarithm, logarithm, 0], shape: try Shape([2, 1, 2])),
    ]
    let found = try #require(try plan.execute(inputs)["y"])
    #expect(found.shape.dimensions == [2, 1, 1])
    expectClose(found, [7, 5])
    let doubles = try inputs.mapValues { tensor in
      Tensor(
        elementType: .float64, shape: tensor.shape,
        bytes: try Bytes(copying: tensor.floats().map(Double.init)))
    }
    let wide = try #require(try plan.execute(doubles)["y"])
    #expect(wide.elementType == .float64)
    for (value, wanted) in zip(wide.bytes.array(of: Double.self), [7.0, 5]) {
      #expect(abs(value - wanted) <= 1e-6)
    }
  }

  @Test func shapesThatContradictEachOtherNameTheirNode() throws {
    let model = try model(Self.transposed + Self.forms[0].nodes + Self.end)
    var inputs = try inputs(mask: [5])
    inputs["v"] = try normals([2, 4, Self.heads, Self.size], seed: 3)
    let plan = try ExecutionPlan(model: model, precision: .exact)
    let error = #expect(throws: RuntimeError.self) { _ = try plan.execute(inputs) }
    #expect(error?.description.contains("MatMul node \"matmul\"") == true)
  }

  /// One head of one element and one key, where strides of 1 tell nothing.
  @Test(arguments: [[1, 1, 1, 1], [1, 4, 1, 1], [2, 1, 3, 1], [1, 3, 2, 1]])
  func narrowAttentionIsExecuted(_ dimensions: [Int]) throws {
    let model = try model(Self.transposed + Self.forms[1].nodes + Self.end)
    let ones = try Tensor(
      [Float](repeating: 1, count: Shape(dimensions).elementCount), shape: Shape(dimensions))
    let inputs = ["q": ones, "k": ones, "v": ones, "mask": ones]
    let plan = try ExecutionPlan(model: model, precision: .exact)
    // The mean of ones.
    expectClose(
      try #require(try plan.execute(inputs)["y"]), [Double](repeating: 1, count: ones.elementCount))
  }
}
