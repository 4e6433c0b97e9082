import MomosModel

/// An operator that tells of every floating-point element whether something holds for it.
protocol FloatPredicate: Operator {
  func holds<Number: RealNumber>(for x: Number) -> Bool
}

extension FloatPredicate {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    return [ValueType(.bool, inputs[0].shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let truths = try call.mappedReals(
      nil, { source, memory in memory.map(source) { (x: Float) -> UInt8 in holds(for: x) ? 1 : 0 } },
      { source, memory in memory.map(source) { (x: Double) -> UInt8 in holds(for: x) ? 1 : 0 } })
    return [truths]
  }
}

struct IsNaN: FloatPredicate {
  init(_ context: inout OperatorContext) {}
  func holds<Number: RealNumber>(for x: Number) -> Bool { x.isNaN }
}

/// Whether an element is infinite, of the signs asked for.
struct IsInf: FloatPredicate {
  private let findsNegative: Bool
  private let findsPositive: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    findsNegative = try context.attributes.flag("detect_negative", default: true)
    findsPositive = try context.attributes.flag("detect_positive", default: true)
  }

  func holds<Number: RealNumber>(for x: Number) -> Bool {
    x.isInfinite && (x < 0 ? findsNegative : findsPositive)
  }
}
