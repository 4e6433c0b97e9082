import MomosKernels
import MomosModel

/// The larger of each element and zero; NaN stays NaN. Also for signed integers.
struct Relu: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.floatingPoint + ElementType.signedIntegers }
  var kernel: ElementFunction? { .relu }
  // Written so that a NaN, which no comparison holds for, is kept.
  func value<Number: RealNumber>(at x: Number) -> Number { x < 0 ? 0 : x }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number { x < 0 ? 0 : x }
}

/// x, or alpha x where it is negative.
struct LeakyRelu: RealFunction {
  private let alpha: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 0.01)
  }

  func value<Number: RealNumber>(at x: Number) -> Number { x < 0 ? Number(alpha) * x : x }
}

/// x where it is larger than alpha, else zero.
struct ThresholdedRelu: RealFunction {
  private let alpha: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 1)
  }

  func value<Number: RealNumber>(at x: Number) -> Number { x <= Number(alpha) ? 0 : x }
}

/// x, or alpha (e^x - 1) where it is negative.
struct Elu: RealFunction {
  private let alpha: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 1)
  }

  func value<Number: RealNumber>(at x: Number) -> Number {
    x < 0 ? Number(alpha) * Number.exponentialMinusOne(x) : x
  }
}

/// max(0, x) + min(0, alpha (e^(x / alpha) - 1))
struct Celu: RealFunction {
  private let alpha: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 1)
  }

  func value<Number: RealNumber>(at x: Number) -> Number {
    let alpha = Number(alpha)
    return x.atLeast(0) + (alpha * Number.exponentialMinusOne(x / alpha)).atMost(0)
  }
}

/// gamma x, or gamma alpha (e^x - 1) where x is negative.
struct Selu: RealFunction {
  private let alpha: Float
  private let gamma: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 1.6732632)
    gamma = try context.attributes.float("gamma", default: 1.050701)
  }

  func value<Number: RealNumber>(at x: Number) -> Number {
    Number(gamma) * (x > 0 ? x : Number(alpha) * Number.exponentialMinusOne(x))
  }
}

/// alpha x + beta between 0 and 1.
struct HardSigmoid: RealFunction {
  private let alpha: Float
  private let beta: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 0.2)
    beta = try context.attributes.float("beta", default: 0.5)
  }

  func value<Number: RealNumber>(at x: Number) -> Number {
    (Number(alpha) * x + Number(beta)).atLeast(0).atMost(1)
  }
}

/// x times x/6 + 1/2 between 0 and 1.
struct HardSwish: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number {
    x * (x / 6 + Number(0.5)).atLeast(0).atMost(1)
  }
}

/// x + bias below -lambd, x - bias above lambd, else zero. Integers are computed in float64 and truncated.
struct Shrink: NumberFunction {
  private let bias: Float
  private let limit: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    bias = try context.attributes.float("bias", default: 0)
    limit = try context.attributes.float("lambd", default: 0.5)
  }

  static var elementTypes: [ElementType] { ElementType.numbers }

  func value<Number: RealNumber>(at x: Number) -> Number {
    x < -Number(limit) ? x + Number(bias) : x > Number(limit) ? x - Number(bias) : 0
  }

  func value<Number: FixedWidthInteger>(integer x: Number) -> Number {
    Number(saturating: value(at: Double(x)))
  }
}
