import MomosKernels
import MomosModel

/// 1 / (1 + e^-x)
struct Sigmoid: RealFunction {
  init(_ context: inout OperatorContext) {}
  var kernel: ElementFunction? { .sigmoid }
  func value<Number: RealNumber>(at x: Number) -> Number { x.sigmoid }
}

struct Tanh: RealFunction {
  init(_ context: inout OperatorContext) {}
  var kernel: ElementFunction? { .tanh }
  func value<Number: RealNumber>(at x: Number) -> Number { Number.hyperbolicTangent(x) }
}

/// The Gauss error function.
struct Erf: RealFunction {
  init(_ context: inout OperatorContext) {}
  var kernel: ElementFunction? { .erf }
  func value<Number: RealNumber>(at x: Number) -> Number { Number.errorFunction(x) }
}

/// x/2 (1 + erf(x / sqrt 2)), or with `approximate` = "tanh": x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
struct Gelu: RealFunction {
  private let isTanh: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isTanh = try context.attributes.choice("approximate", of: ["none", "tanh"]) == "tanh"
  }

  var kernel: ElementFunction? { isTanh ? .geluTanh : .gelu }
  func value<Number: RealNumber>(at x: Number) -> Number {
    let half: Number = 0.5
    if isTanh {
      let inner = Number(0.7978845608028654) * (x + Number(0.044715) * x * x * x)
      return half * x * (1 + Number.hyperbolicTangent(inner))
    }
    return half * x * (1 + Number.errorFunction(x * Number(0.7071067811865476)))
  }
}

/// x / (1 + e^(-alpha x))
struct Swish: RealFunction {
  private let alpha: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 1)
  }

  var kernel: ElementFunction? { alpha == 1 ? .silu : nil }
  func value<Number: RealNumber>(at x: Number) -> Number { x * (Number(alpha) * x).sigmoid }
}

/// The Swish of the first operand times the second, which has the same shape.
struct SwiGLU: BinaryFunction {
  private let alpha: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 1)
  }

  static var elementTypes: [ElementType] { ElementType.floatingPoint }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    try inputs.requireEqualElementTypes()
    guard inputs[0].shape == inputs[1].shape else { throw inputs.mismatch(expected: "equal shapes") }
    return [inputs[0]]
  }

  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number {
    left * (Number(alpha) * left).sigmoid * right
  }

  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number {
    preconditionFailure("refused by inference")
  }
}

/// x tanh(log(1 + e^x))
struct Mish: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { x * Number.hyperbolicTangent(x.softplus) }
}

/// log(1 + e^x)
struct Softplus: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { x.softplus }
}

/// x / (1 + |x|)
struct Softsign: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { x / (1 + x.magnitude) }
}

extension RealNumber {
  /// 1 / (1 + e^-x)
  var sigmoid: Self { 1 / (1 + Self.exponential(-self)) }

  /// log(1 + e^x), which does not overflow before x does.
  var softplus: Self { self.atLeast(0) + Self.logarithm(onePlus: Self.exponential(-magnitude)) }
}
