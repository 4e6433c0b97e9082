import MomosModel
import MomosRuntime
import Testing

/// What the reductions, cumulative sums and TopK refuse.
struct ReductionRefusalTests {
  @Test(arguments: [2, -3, Int(Int64.max), Int(Int64.min)])
  func reducedAxisOutsideTheRankIsRefused(_ axis: Int) throws {
    let model = TestModel.make(
      [TestModel.node("ReduceSum", ["x", "axes"])],
      tensors: ["axes": try Tensor([Int64(axis)], shape: Shape([1]))])
    try expectRefused(
      model, ["x": try TestModel.ramp(2, 2)], .axis(TestModel.label("ReduceSum"), axis: axis, rank: 2))
    let attribute = TestModel.make(
      [TestModel.node("ReduceMean", ["x"], ["y"], ["axes": .ints([axis])])], version: 17)
    try expectRefused(
      attribute, ["x": try TestModel.ramp(2, 2)], .axis(TestModel.label("ReduceMean"), axis: axis, rank: 2))
  }

  @Test func axisReducedTwiceIsRefused() throws {
    let model = TestModel.make(
      [TestModel.node("ReduceMax", ["x", "axes"])],
      tensors: ["axes": try Tensor([1, -1] as [Int64], shape: Shape([2]))], version: 18)
    try expectRefused(
      model, ["x": try TestModel.ramp(2, 2)],
      .inputValue(TestModel.label("ReduceMax"), position: 1, expected: "every axis once", found: "[1, -1]"))
    let attribute = TestModel.make([TestModel.node("ReduceL1", ["x"], ["y"], ["axes": .ints([0, 0])])])
    try expectRefused(
      attribute, ["x": try TestModel.ramp(2)],
      .attributeValue(
        TestModel.label("ReduceL1"), attribute: "axes", expected: "every axis once", found: "[0, 0]"))
  }

  @Test func axesOfTheOtherFormAreRefused() {
    expectRefused(
      TestModel.make([TestModel.node("ReduceSum", ["x"], ["y"], ["axes": .ints([0])])]),
      .unknownAttribute(TestModel.label("ReduceSum"), attribute: "axes", version: 13))
    expectRefused(
      TestModel.make([TestModel.node("ReduceMean", ["x", "x"])], version: 17),
      .inputCount(TestModel.label("ReduceMean"), expected: 1...1, found: 2))
  }

  @Test func typeThatAReductionDoesNotTakeIsRefused() throws {
    try expectRefused(
      TestModel.make([TestModel.node("ReduceLogSum")]), ["x": try Tensor([1] as [Int64], shape: Shape([1]))],
      .elementType(
        TestModel.label("ReduceLogSum"), position: 0, expected: [.float32, .float64, .float16, .bfloat16],
        found: .int64))
  }

  @Test func cumulativeAxisOutsideTheRankIsRefused() throws {
    let model = TestModel.make(
      [TestModel.node("CumSum", ["x", "axis"])],
      tensors: ["axis": try Tensor([1] as [Int64], shape: Shape([]))])
    try expectRefused(
      model, ["x": try TestModel.ramp(3)], .axis(TestModel.label("CumSum"), axis: 1, rank: 1))
  }

  @Test func cumulativeAxisThatIsAnInputIsCheckedWhenExecuted() throws {
    let model = TestModel.make(
      [TestModel.node("CumSum", ["x", "axis"])], inputs: [GraphValue(name: "x"), GraphValue(name: "axis")])
    let axis = try Tensor([-2] as [Int64], shape: Shape([]))
    try expectRefused(
      model, ["x": try TestModel.ramp(3), "axis": axis], .axis(TestModel.label("CumSum"), axis: -2, rank: 1))
  }

  @Test(arguments: [4, -1, Int64.max])
  func moreElementsThanTheAxisHasAreRefused(_ count: Int64) throws {
    let model = TestModel.make(
      [TestModel.node("TopK", ["x", "k"])], tensors: ["k": try Tensor([count], shape: Shape([1]))])
    try expectRefused(
      model, ["x": try TestModel.ramp(2, 3)],
      .shapes(
        TestModel.label("TopK"), expected: "\(count) elements along axis 1", found: [try Shape([2, 3])]))
  }

  @Test func severalCountsAreRefused() throws {
    let model = TestModel.make(
      [TestModel.node("TopK", ["x", "k"])], tensors: ["k": try Tensor([1, 2] as [Int64], shape: Shape([2]))])
    try expectRefused(
      model, ["x": try TestModel.ramp(3)],
      .shapes(TestModel.label("TopK"), expected: "one count as input 1", found: [try Shape([2])]))
  }

  @Test func countOfTheOtherFormIsRefused() {
    expectRefused(
      TestModel.make([TestModel.node("TopK", ["x"])]),
      .inputCount(TestModel.label("TopK"), expected: 2...2, found: 1))
    expectRefused(
      TestModel.make([TestModel.node("TopK", ["x"])], version: 9),
      .missingAttribute(TestModel.label("TopK"), attribute: "k"))
  }

  @Test(arguments: [[3], [2, 3], []])
  func determinantOfWhatIsNotSquareIsRefused(_ dimensions: [Int]) throws {
    let shape = try Shape(dimensions)
    let x = try Tensor([Float](repeating: 1, count: shape.elementCount), shape: shape)
    try expectRefused(
      TestModel.make([TestModel.node("Det")]), ["x": x],
      .shapes(TestModel.label("Det"), expected: "square matrices", found: [shape]))
  }
}
