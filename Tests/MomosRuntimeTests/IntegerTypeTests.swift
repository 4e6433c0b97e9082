import MomosModel
import MomosRuntime
import Testing

/// Integer arithmetic at the limits of every type, whatever type it is computed in. Expected values by hand.
struct IntegerTypeTests {
  @Test func quotientsAreTruncatedAndWrap() throws {
    func check<Number: SignedNumber>(_ number: Number.Type) throws {
      try Number.expect("Div", [.min, .max, -7, 7], [-1, -1, 2, -2], [.min, -.max, -3, -3])
    }
    func check<Number: UnsignedNumber>(_ number: Number.Type) throws {
      try Number.expect("Div", [.max, .max, 7], [1, .max, 2], [.max, 1, 3])
    }
    for number in signedNumbers { try check(number) }
    for number in unsignedNumbers { try check(number) }
  }

  @Test func remaindersHaveTheSignOfTheDivisor() throws {
    func check<Number: SignedNumber>(_ number: Number.Type) throws {
      try Number.expect(
        "Mod", [.min, .min, .max, -7, 7], [-1, .max, .min, 3, -3], [0, .max - 1, -1, 2, -2])
    }
    func check<Number: UnsignedNumber>(_ number: Number.Type) throws {
      try Number.expect("Mod", [.max, .max, 7], [.max, .max - 1, 4], [0, 1, 3])
    }
    for number in signedNumbers { try check(number) }
    for number in unsignedNumbers { try check(number) }
  }

  @Test func truncatedRemaindersHaveTheSignOfTheDividend() throws {
    func check<Number: SignedNumber>(_ number: Number.Type) throws {
      try Number.expect(
        "Mod", [.min, .min, .max, -7, 7], [-1, .max, .min, 3, -3], [0, -1, .max, -1, 1], ["fmod": .int(1)])
    }
    for number in signedNumbers { try check(number) }
  }

  @Test func shiftsLoseBitsAtTheWidthOfTheType() throws {
    func check<Number: SignedNumber>(_ number: Number.Type) throws {
      let width = Number(Number.bitWidth)
      try Number.expect(
        "BitShift", [.min, .min, -1, .max, -5, 5], [1, width - 1, width, width, -1, -1],
        [.min / 2, -1, -1, 0, -1, 0], right)
      try Number.expect(
        "BitShift", [1, 3, -1, 1, 5], [width - 1, width - 1, 1, width, -1], [.min, .min, -2, 0, 0], left)
    }
    func check<Number: UnsignedNumber>(_ number: Number.Type) throws {
      let width = Number(Number.bitWidth)
      try Number.expect(
        "BitShift", [.max, .max, .max, .max], [1, width - 1, width, .max], [.max / 2, 1, 0, 0], right)
      try Number.expect(
        "BitShift", [.max, 3, 1, 1], [1, width - 1, width, .max], [.max - 1, .max / 2 + 1, 0, 0], left)
    }
    for number in signedNumbers { try check(number) }
    for number in unsignedNumbers { try check(number) }
  }

  private let left = ["direction": AttributeValue.string(Array("LEFT".utf8))]
  private let right = ["direction": AttributeValue.string(Array("RIGHT".utf8))]

  @Test func sumsAndProductsWrap() throws {
    func check<Number: SignedNumber>(_ number: Number.Type) throws {
      try Number.expect("Add", [.max, .min, .max], [1, -1, .max], [.min, .max, -2])
      try Number.expect("Sub", [.min, 0, .max], [1, .min, -1], [.max, .min, .min])
      try Number.expect("Mul", [.min, .max, .min], [-1, 2, 2], [.min, -2, 0])
    }
    func check<Number: UnsignedNumber>(_ number: Number.Type) throws {
      try Number.expect("Add", [.max, .max], [1, .max], [0, .max - 1])
      try Number.expect("Sub", [0, 1], [1, .max], [.max, 2])
      try Number.expect("Mul", [.max, .max], [2, .max], [.max - 1, 1])
    }
    for number in signedNumbers { try check(number) }
    for number in unsignedNumbers { try check(number) }
  }

  @Test func anOperandOfOneElementIsRepeatedOnEitherSide() throws {
    func check<Number: SignedNumber>(_ number: Number.Type) throws {
      try Number.expect("Sub", [5], [-1, 0, 7], [6, 5, -2])
      try Number.expect("Sub", [-1, 0, 7], [5], [-6, -5, 2])
      try Number.expect("Add", [5], [-1, 0, 7], [4, 5, 12])
      try Number.expect("Div", [7], [-1, 2, 7], [-7, 3, 1])
      try Number.expect("BitwiseAnd", [6], [-1, 0, 7], [6, 0, 6])
      try Number.expect("Max", [0], [-1, 0, 7], [0, 0, 7])
      try Number.expect("Min", [-1, 0, 7], [0], [-1, 0, 0])
    }
    for number in signedNumbers { try check(number) }
  }

  @Test func comparisonsFollowTheSignOfTheType() throws {
    func check<Number: SignedNumber>(_ number: Number.Type) throws {
      let (lefts, rights): ([Number], [Number]) = ([.min, .max, -1, 2], [.max, .min, 0, 2])
      try Number.expectTruths("Less", lefts, rights, [1, 0, 1, 0])
      try Number.expectTruths("LessOrEqual", lefts, rights, [1, 0, 1, 1])
      try Number.expectTruths("Greater", lefts, rights, [0, 1, 0, 0])
      try Number.expectTruths("GreaterOrEqual", lefts, rights, [0, 1, 0, 1])
      try Number.expectTruths("Less", [0], [-1, 0, 1], [0, 0, 1])
      try Number.expectTruths("Greater", [0], [-1, 0, 1], [1, 0, 0])
      try Number.expectTruths("Equal", [0], [-1, 0, 1], [0, 1, 0])
    }
    func check<Number: UnsignedNumber>(_ number: Number.Type) throws {
      let (lefts, rights): ([Number], [Number]) = ([0, .max, .max / 2 + 1], [.max, 0, 1])
      try Number.expectTruths("Less", lefts, rights, [1, 0, 0])
      try Number.expectTruths("GreaterOrEqual", lefts, rights, [0, 1, 1])
      try Number.expectTruths("Equal", [0, .max, 1], [.max, .max, 2], [0, 1, 0])
    }
    for number in signedNumbers { try check(number) }
    for number in unsignedNumbers { try check(number) }
  }

  @Test func realsBecomeTheNearestLimitAndNaNZero() throws {
    func check<Number: IntegerNumber>(_ number: Number.Type) throws {
      let singles: [Float] = [1e30, -1e30, .infinity, -.infinity, .nan, 2.9]
      let doubles = singles.map(Double.init)
      let target = ["to": AttributeValue.int(Number.elementType.rawValue)]
      for source in [try tensor(singles, .float32), try tensor(doubles, .float64)] {
        let result = try execute("Cast", [source], target)
        #expect(result.bytes.array(of: number) == [.max, .min, .max, .min, 0, 2], "\(number)")
      }
    }
    for number in signedNumbers { try check(number) }
    for number in unsignedNumbers { try check(number) }
  }

  /// 2^63 + 2^39 + 1 lies above the middle of two neighbours in float32, but as float64 in the middle.
  @Test func largeIntegersAreRoundedOnce() throws {
    let target = ["to": AttributeValue.int(ElementType.float32.rawValue)]
    let unsigned = try tensor([1 << 63 | 1 << 39 | 1] as [UInt64], .uint64)
    #expect(try execute("Cast", [unsigned], target).floats() == [0x1.000002p63])
    let signed = try tensor([1 << 62 | 1 << 38 | 1] as [Int64], .int64)
    #expect(try execute("Cast", [signed], target).floats() == [0x1.000002p62])
  }
}

private protocol IntegerNumber: FixedWidthInteger, BitwiseCopyable {
  static var elementType: ElementType { get }
}
private protocol SignedNumber: IntegerNumber, SignedInteger {}
private protocol UnsignedNumber: IntegerNumber, UnsignedInteger {}

extension Int8: SignedNumber { static var elementType: ElementType { .int8 } }
extension Int16: SignedNumber { static var elementType: ElementType { .int16 } }
extension Int32: SignedNumber { static var elementType: ElementType { .int32 } }
extension Int64: SignedNumber { static var elementType: ElementType { .int64 } }
extension UInt8: UnsignedNumber { static var elementType: ElementType { .uint8 } }
extension UInt16: UnsignedNumber { static var elementType: ElementType { .uint16 } }
extension UInt32: UnsignedNumber { static var elementType: ElementType { .uint32 } }
extension UInt64: UnsignedNumber { static var elementType: ElementType { .uint64 } }

private var signedNumbers: [any SignedNumber.Type] { [Int8.self, Int16.self, Int32.self, Int64.self] }
private var unsignedNumbers: [any UnsignedNumber.Type] {
  [UInt8.self, UInt16.self, UInt32.self, UInt64.self]
}

extension IntegerNumber {
  static func expect(
    _ operatorType: String, _ left: [Self], _ right: [Self], _ expected: [Self],
    _ attributes: [String: AttributeValue] = [:], _ location: SourceLocation = #_sourceLocation
  ) throws {
    let result = try execute(
      operatorType, [tensor(left, elementType), tensor(right, elementType)], attributes)
    #expect(result.elementType == elementType, sourceLocation: location)
    #expect(result.bytes.array(of: Self.self) == expected, "\(elementType)", sourceLocation: location)
  }

  static func expectTruths(
    _ operatorType: String, _ left: [Self], _ right: [Self], _ expected: [UInt8],
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let result = try execute(operatorType, [tensor(left, elementType), tensor(right, elementType)])
    #expect(result.elementType == .bool, sourceLocation: location)
    #expect(result.bytes.array(of: UInt8.self) == expected, "\(elementType)", sourceLocation: location)
  }
}

private func tensor<Element: BitwiseCopyable>(
  _ values: [Element], _ elementType: ElementType
) throws -> Tensor {
  Tensor(elementType: elementType, shape: try Shape([values.count]), bytes: try Bytes(copying: values))
}

/// The output of an operator of set 28.
private func execute(
  _ operatorType: String, _ inputs: [Tensor], _ attributes: [String: AttributeValue] = [:]
) throws -> Tensor {
  let names = inputs.indices.map { "x\($0)" }
  let model = TestModel.make(
    [TestModel.node(operatorType, names, ["y"], attributes)], inputs: names.map { GraphValue(name: $0) },
    version: 28)
  let outputs = try ExecutionPlan(model: model).execute(Dictionary(uniqueKeysWithValues: zip(names, inputs)))
  return try #require(outputs["y"])
}
