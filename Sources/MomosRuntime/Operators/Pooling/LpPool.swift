import Glibc
import MomosModel

/// The p-norm of the elements that a window sees.
struct LpPool: Float64Operator {
  private let pooling: Pooling
  private let norm: PowerNorm

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    pooling = try Pooling(&context, dilationsSince: 18, ceilModeSince: 18)
    norm = try PowerNorm(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    return [try pooling.outputType(inputs)]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let window = try pooling.window(over: shape, label: call.label)
    let powers = call[0].bytes.array(of: Double.self).map { norm.power(of: $0) }
    return [
      try call.tensor(call.outputTypes[0], of: Double.self) { (target) throws(RuntimeError) in
        window.fold(powers.span, channelCount: shape[0] * shape[1], into: &target, initial: 0) { $0 + $1 }
        for index in target.indices { target[index] = norm.root(of: target[index]) }
      }
    ]
  }
}

/// (sum of |x|^p)^(1/p), with p from the attribute of that name.
struct PowerNorm: Sendable {
  private let exponent: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    exponent = try context.attributes.int("p", default: 2)
    guard exponent > 0 else {
      throw .attributeValue(context.label, attribute: "p", expected: "1 or more", found: "\(exponent)")
    }
  }

  /// |x|^p
  func power(of value: Double) -> Double {
    switch exponent {
    case 1: value.magnitude
    case 2: value * value
    default: pow(value.magnitude, Double(exponent))
    }
  }

  /// The p-th root of a sum.
  func root(of sum: Double) -> Double {
    switch exponent {
    case 1: sum
    case 2: sum.squareRoot()
    default: pow(sum, 1 / Double(exponent))
    }
  }
}
