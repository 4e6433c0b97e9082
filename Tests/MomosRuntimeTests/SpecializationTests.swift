import MomosKernels
import MomosModel
import Testing

@testable import MomosRuntime

/// Shapes that depend on elements, values known before the execution, and the memory of the others.
struct SpecializationTests {
  @Test func shapeFromAnInputIsUsedWhenItIsKnown() throws {
    let model = TestModel.make(
      [TestModel.node("Relu", ["x"], ["r"]), TestModel.node("Reshape", ["r", "shape"])],
      inputs: [GraphValue(name: "x"), GraphValue(name: "shape")])
    let plan = try ExecutionPlan(model: model)
    for (sizes, expected) in [([2, 3], [2, 3]), ([-1], [6]), ([3, -1], [3, 2])] as [([Int64], [Int])] {
      let shape = try Tensor(sizes, shape: Shape(vector: sizes.count))
      let y = try #require(try plan.execute(["x": try TestModel.ramp(6), "shape": shape])["y"])
      #expect(y.shape.dimensions == expected)
      #expect(y.floats() == [0, 1, 2, 3, 4, 5])
    }
  }

  /// Values of very different sizes and lives, each read by several later steps: none may be overwritten early.
  @Test func valuesKeepTheirElementsUntilTheyAreRead() throws {
    var nodes: [Node] = []
    var read = "x"
    for number in 0..<12 {
      nodes.append(TestModel.node("Add", [read, "x"], ["s\(number)"]))
      nodes.append(TestModel.node("Reshape", ["s\(number)", "flat"], ["f\(number)"]))
      nodes.append(
        TestModel.node("Concat", ["f\(number)", "f\(number / 2)"], ["c\(number)"], ["axis": .int(0)]))
      read = "s\(number)"
    }
    nodes.append(TestModel.node("Concat", (0..<12).map { "c\($0)" }, ["y"], ["axis": .int(0)]))
    nodes.append(TestModel.node("Reshape", ["s3", "flat"], ["z"]))
    let flat = try Tensor([-1] as [Int64], shape: Shape(vector: 1))
    let plan = try ExecutionPlan(
      model: TestModel.make(nodes, tensors: ["flat": flat], outputs: ["y", "z"]))
    for count in [1, 7, 64, 7] {
      let results = try plan.execute(["x": try TestModel.ramp(1, count)])
      // s_n = (n + 2) x
      let multiples = (0..<12).flatMap { [$0 + 2, $0 / 2 + 2] }
      let expected = multiples.flatMap { multiple in (0..<count).map { Float(multiple * $0) } }
      #expect(results["y"]?.floats() == expected)
      #expect(results["z"]?.floats() == (0..<count).map { Float(5 * $0) })
    }
  }

  @Test func outputsOutliveTheNextExecution() throws {
    let model = TestModel.make(
      [
        TestModel.node("Add", ["x", "x"], ["a"]), TestModel.node("Identity", ["a"]),
        TestModel.node("Relu", ["a"], ["z"]),
      ],
      outputs: ["y", "z", "a"])
    let plan = try ExecutionPlan(model: model)
    let first = try plan.execute(["x": try TestModel.ramp(4)])
    _ = try plan.execute(["x": try Tensor([9, 9, 9, 9] as [Float], shape: Shape(vector: 4))])
    for name in ["y", "z", "a"] { #expect(first[name]?.floats() == [0, 2, 4, 6]) }
  }

  @Test func memoryIsSharedByValuesThatDoNotMeet() throws {
    let nodes = (0..<10).map { TestModel.node("Add", [$0 == 0 ? "x" : "v\($0)", "x"], ["v\($0 + 1)"]) }
    let planner = try ExecutionPlanner(TestModel.make(nodes, outputs: ["v10"]), graph: 0, precision: .fast)
    let type = ValueType(.float32, Shape(vector: 1024))
    let pool = ThreadPool(threadCount: 1)
    let base = try Specialization(
      planner.steps, slotCount: planner.slotCount, constants: planner.constants, pool: pool)
    let specialization = try Specialization(
      base, planner.steps, inputs: [(planner.inputSlots[0], type)], pool: pool)
    let memory = MemoryPlan(planner.steps, specialization, kept: Set(planner.outputSlots))
    // Nine values of 4096 bytes, of which two live at a time; the last is an output and lies elsewhere.
    #expect(memory.byteCount == 2 * 4096)
  }
}
