import MomosModel
import MomosRuntime
import Testing

/// Executions that begin where changed weights are first used: as if they had begun at the start.
struct ExecutionTraceTests {
  /// Rows of a table, products with a branch around them, weights that are used twice, and shapes computed from inputs.
  private func model() throws -> Model {
    let nodes = [
      TestModel.node("Gather", ["e", "x"], ["h"]), TestModel.node("MatMul", ["h", "a"], ["p"]),
      TestModel.node("Add", ["p", "bias"], ["p1"]), TestModel.node("Relu", ["p1"], ["p2"]),
      TestModel.node("Shape", ["x"], ["s"]),
      TestModel.node("Concat", ["s", "four"], ["s4"], ["axis": .int(0)]),
      TestModel.node("Reshape", ["p2", "s4"], ["r"]), TestModel.node("MatMul", ["r", "b"], ["q"]),
      TestModel.node("Add", ["q", "h"], ["t"]), TestModel.node("MatMul", ["t", "b"], ["u"]),
      TestModel.node("MatMul", ["u", "c"], ["v"]), TestModel.node("Mul", ["v", "c"], ["w"]),
      TestModel.node("Add", ["w", "t"]),
    ]
    var tensors: [String: Tensor] = [:]
    for (seed, name) in ["a", "b", "c"].enumerated() { tensors[name] = try normal(4, 4, seed: UInt64(seed)) }
    tensors["e"] = try normal(6, 4, seed: 7)
    tensors["bias"] = try normal(1, 4, seed: 8).reshaped(to: Shape([4]))
    tensors["four"] = try Tensor([4] as [Int64], shape: Shape([1]))
    return TestModel.make(nodes, tensors: tensors, outputs: ["y", "p2"])
  }

  private func normal(_ rows: Int, _ columns: Int, seed: UInt64) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let values = (0..<rows * columns).map { _ in Float(generator.nextNormal()) }
    return try Tensor(values, shape: Shape([rows, columns]))
  }

  private var inputs: [String: Tensor] {
    get throws { ["x": try Tensor([5, 0, 3, 1, 1, 2, 4, 0] as [Int64], shape: Shape([2, 4]))] }
  }

  /// 400 bytes hold the first checkpoints only, 0 none with values. c is used otherwise too.
  @Test(
    arguments: [["a"], ["b"], ["c"], ["e"], ["a", "b"], ["b", "e"], ["b", "c"], []], [Int.max, 400, 0])
  func resumedExecutionIsThatOfTheWholeGraph(changed: [String], byteLimit: Int) throws {
    let replaceable = try ReplaceableModel(model())
    let trace = try replaceable.plan.trace(inputs, byteLimit: byteLimit)
    #expect(try trace.outputs == replaceable.plan.execute(inputs))
    var contents: [String: TensorContent] = [:]
    for name in changed { contents[name] = .dense(try normal(name == "e" ? 6 : 4, 4, seed: 20)) }
    let plan = try replaceable.plan(replacing: contents)
    let expected = try plan.execute(inputs)
    #expect(try plan.execute(inputs, resuming: trace, changed: Set(changed)) == expected)
    #expect((expected == trace.outputs) == changed.isEmpty)
  }

  @Test func traceOfDenseWeightsServesMosaics() throws {
    let nodes = [
      TestModel.node("Relu", ["x"], ["n"]), TestModel.node("MatMul", ["n", "a"], ["h"]),
      TestModel.node("MatMul", ["h", "w"]),
    ]
    let model = TestModel.make(
      nodes, tensors: ["a": try normal(3, 4, seed: 1), "w": try TestModel.ramp(4, 2)])
    let replaceable = try ReplaceableModel(model, precision: .exact)
    let inputs = ["x": try normal(5, 3, seed: 2)]
    let trace = try replaceable.plan.trace(inputs, byteLimit: .max)
    let mosaic = try TestModel.mosaic(view: .firstAxisIsInput(rank: 2), shape: Shape([4, 2]))
    let plan = try replaceable.plan(replacing: ["w": .mosaic(mosaic)])
    #expect(try plan.execute(inputs, resuming: trace, changed: ["w"]) == plan.execute(inputs))
  }

  /// What the first steps compute is taken from the trace: with other inputs it would differ.
  @Test func stepsBeforeTheFirstUseAreNotExecuted() throws {
    let nodes = [TestModel.node("MatMul", ["x", "a"], ["h"]), TestModel.node("MatMul", ["h", "b"])]
    let one = try Tensor([1] as [Float], shape: Shape([1, 1]))
    let two = try Tensor([2] as [Float], shape: Shape([1, 1]))
    let replaceable = try ReplaceableModel(TestModel.make(nodes, tensors: ["a": one, "b": one]))
    let trace = try replaceable.plan.trace(["x": one], byteLimit: .max)
    let plan = try replaceable.plan(replacing: ["b": .dense(two)])
    #expect(try plan.execute(["x": two], resuming: trace, changed: ["b"])["y"]?.floats() == [2])
    #expect(try plan.execute(["x": two], resuming: trace, changed: ["a"])["y"]?.floats() == [4])
  }
}
