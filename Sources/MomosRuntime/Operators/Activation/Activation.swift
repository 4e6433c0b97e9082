import MomosModel

/// An operator that applies one real function to every element.
///
/// float16 and bfloat16 are computed in float32 and rounded.
protocol ActivationOperator: Operator {
  func value<Number: RealNumber>(at x: Number) -> Number
}

extension ActivationOperator {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    let input = try call.converted(call[0], to: elementType.arithmetic)
    if elementType == .float64 {
      return [try call.mapped(input, Double.self) { value(at: $0) }]
    }
    let result = try call.mapped(input, Float.self) { value(at: $0) }
    return [try call.converted(result, to: elementType)]
  }
}

/// 1 / (1 + e^-x)
struct Sigmoid: ActivationOperator {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { 1 / (1 + Number.exponential(-x)) }
}

struct Tanh: ActivationOperator {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.hyperbolicTangent(x) }
}

/// The Gauss error function.
struct Erf: ActivationOperator {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.errorFunction(x) }
}

/// x/2 (1 + erf(x / sqrt 2)), or with `approximate` = "tanh": x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
struct Gelu: ActivationOperator {
  private let isTanh: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isTanh = try context.attributes.choice("approximate", of: ["none", "tanh"]) == "tanh"
  }

  func value<Number: RealNumber>(at x: Number) -> Number {
    let half: Number = 0.5
    if isTanh {
      let inner = Number(0.7978845608028654) * (x + Number(0.044715) * x * x * x)
      return half * x * (1 + Number.hyperbolicTangent(inner))
    }
    return half * x * (1 + Number.errorFunction(x * Number(0.7071067811865476)))
  }
}

/// The larger of each element and zero; NaN stays NaN. Also for signed integers.
struct Relu: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint + ElementType.signedIntegers)
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    switch call[0].elementType {
    case .float64: return [try rectified(call, call[0], Double.self)]
    case .int8: return [try rectified(call, call[0], Int8.self)]
    case .int16: return [try rectified(call, call[0], Int16.self)]
    case .int32: return [try rectified(call, call[0], Int32.self)]
    case .int64: return [try rectified(call, call[0], Int64.self)]
    default:
      let result = try rectified(call, try call.converted(call[0], to: .float32), Float.self)
      return [try call.converted(result, to: call[0].elementType)]
    }
  }

  private func rectified<Number: SignedNumeric & Comparable & BitwiseCopyable>(
    _ call: OperatorCall, _ tensor: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    // Written so that a NaN, which no comparison holds for, is kept.
    try call.mapped(tensor, number) { $0 < 0 ? 0 : $0 }
  }
}

extension OperatorCall {
  /// Applies a function to every element.
  @inline(__always)
  func mapped<Element: BitwiseCopyable>(
    _ source: Tensor, _ element: Element.Type, _ transform: (Element) -> Element
  ) throws(RuntimeError) -> Tensor {
    let values = source.bytes.span(of: element)
    return try tensor(source.type, of: element) { (target) throws(RuntimeError) in
      for index in values.indices { target[index] = transform(values[index]) }
    }
  }
}
