import MomosModel
import MomosRuntime
import Testing

/// What the elementwise and activation operators refuse.
struct ElementwiseRefusalTests {
  @Test(arguments: [(8, "8"), (17, "17"), (-1, "-1")])
  func castToATypeThatIsNotKnownIsRefused(_ type: Int, _ found: String) {
    let known = "1 (f32), 2 (u8), 3 (i8), 4 (u16), 5 (i16), 6 (i32), 7 (i64), 9 (bool), 10 (f16), 11 (f64), "
    expectRefused(
      TestModel.make([TestModel.node("Cast", ["x"], ["y"], ["to": .int(type)])]),
      .attributeValue(
        TestModel.label("Cast"), attribute: "to",
        expected: "one of " + known + "12 (u32), 13 (u64), 16 (bf16)",
        found: found))
  }

  @Test func castWithoutATypeIsRefused() {
    expectRefused(
      TestModel.make([TestModel.node("Cast")]), .missingAttribute(TestModel.label("Cast"), attribute: "to"))
  }

  @Test func bitsOfAnotherWidthAreRefused() throws {
    try expectRefused(
      TestModel.make([TestModel.node("BitCast", ["x"], ["y"], ["to": .int(3)])], version: 26),
      ["x": try TestModel.ramp(2)],
      .elementType(
        TestModel.label("BitCast"), position: 0, expected: [.uint8, .int8, .bool], found: .float32))
  }

  @Test func shiftInNoDirectionIsRefused() {
    let node = TestModel.node("BitShift", ["x", "x"], ["y"], ["direction": .string(Array("UP".utf8))])
    expectRefused(
      TestModel.make([node]),
      .attributeValue(
        TestModel.label("BitShift"), attribute: "direction", expected: "LEFT or RIGHT", found: "UP"))
    expectRefused(
      TestModel.make([TestModel.node("BitShift", ["x", "x"])]),
      .missingAttribute(TestModel.label("BitShift"), attribute: "direction"))
  }

  @Test func flooredRemainderOfRealNumbersIsRefusedBeforeVersion28() throws {
    try expectRefused(
      TestModel.make([TestModel.node("Mod", ["x", "x"])], version: 27), ["x": try TestModel.ramp(2)],
      .elementType(
        TestModel.label("Mod"), position: 0,
        expected: [.int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64], found: .float32))
  }

  @Test(arguments: ["Div", "Mod"])
  func integerDivisionByZeroIsAnError(_ name: String) throws {
    let zero = try Tensor([1, 0] as [Int64], shape: Shape([2]))
    try expectRefused(
      TestModel.make([TestModel.node(name, ["x", "x"])]), ["x": zero],
      .integerDivisionByZero(TestModel.label(name)))
  }

  @Test func negativePowerOfAnIntegerZeroIsAnError() throws {
    let model = TestModel.make(
      [TestModel.node("Pow", ["x", "minus"])],
      tensors: ["minus": try Tensor([-1] as [Int64], shape: Shape([]))])
    try expectRefused(
      model, ["x": try Tensor([2, 0] as [Int64], shape: Shape([2]))],
      .integerDivisionByZero(TestModel.label("Pow")))
  }

  @Test func exponentOfAnotherTypeIsRefusedBeforeVersion12() throws {
    let model = TestModel.make(
      [TestModel.node("Pow", ["x", "two"])], tensors: ["two": try Tensor([2] as [Int64], shape: Shape([]))],
      version: 11)
    try expectRefused(
      model, ["x": try TestModel.ramp(2)], .elementTypesDiffer(TestModel.label("Pow"), [.float32, .int64]))
  }

  @Test func limitsOfSeveralElementsAreRefused() throws {
    try expectRefused(
      TestModel.make([TestModel.node("Clip", ["x", "x"])]), ["x": try TestModel.ramp(2)],
      .shapes(
        TestModel.label("Clip"), expected: "limits of one element", found: [try Shape([2]), try Shape([2])]))
  }

  @Test func limitsAsInputsAreRefusedBeforeVersion11() {
    expectRefused(
      TestModel.make([TestModel.node("Clip", ["x", "x"])], version: 10),
      .inputCount(TestModel.label("Clip"), expected: 1...1, found: 2))
  }

  @Test func slopeWiderThanTheInputIsRefused() throws {
    let model = TestModel.make(
      [TestModel.node("PRelu", ["x", "slope"])], tensors: ["slope": try TestModel.ramp(2, 3)])
    try expectRefused(
      model, ["x": try TestModel.ramp(3)],
      .shapes(
        TestModel.label("PRelu"), expected: "the second to broadcast to the first",
        found: [try Shape([3]), try Shape([2, 3])]))
  }

  @Test func gateOfAnotherShapeIsRefused() throws {
    let model = TestModel.make(
      [TestModel.node("SwiGLU", ["x", "value"])], tensors: ["value": try TestModel.ramp(1)], version: 28)
    try expectRefused(
      model, ["x": try TestModel.ramp(3)],
      .shapes(
        TestModel.label("SwiGLU"), expected: "equal shapes", found: [try Shape([3]), try Shape([1])]))
  }

  @Test func conditionThatIsNoTruthValueIsRefused() throws {
    try expectRefused(
      TestModel.make([TestModel.node("Where", ["x", "x", "x"])]), ["x": try TestModel.ramp(2)],
      .elementType(TestModel.label("Where"), position: 0, expected: [.bool], found: .float32))
  }

  @Test(arguments: ["Max", "Sum", "Greater"])
  func shapesThatDoNotBroadcastAreRefused(_ name: String) throws {
    let model = TestModel.make(
      [TestModel.node(name, ["x", "w"])], tensors: ["w": try TestModel.ramp(3)])
    try expectRefused(
      model, ["x": try TestModel.ramp(2)],
      .shapes(
        TestModel.label(name), expected: "shapes that broadcast to a common one",
        found: [try Shape([2]), try Shape([3])]))
  }
}
