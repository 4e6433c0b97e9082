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
    let powers = try norm.powers(of: call[0], call.withoutOutputMemory)
    var memory = try call.withoutOutputMemory.memory(call.outputTypes[0])
    var target = memory.elements(of: Double.self)
    window.fold(
      powers.bytes.span(of: Double.self), channelCount: shape[0] * shape[1], into: &target,
      WindowSum<Double>.self)
    return [try norm.roots(of: memory.tensor(), call)]
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

  /// |x|^p of every element of a float64 tensor.
  func powers(of values: Tensor, _ call: OperatorCall) throws(RuntimeError) -> Tensor {
    let exponent = Double(self.exponent)
    return try mapped(values, call) { value in
      switch exponent {
      case 1: value.magnitude
      case 2: value * value
      default: pow(value.magnitude, exponent)
      }
    }
  }

  /// The p-th root of every element.
  func roots(of sums: Tensor, _ call: OperatorCall) throws(RuntimeError) -> Tensor {
    let exponent = Double(self.exponent)
    return try mapped(sums, call) { sum in
      switch exponent {
      case 1: sum
      case 2: sum.squareRoot()
      default: pow(sum, 1 / exponent)
      }
    }
  }

  private func mapped(
    _ tensor: Tensor, _ call: OperatorCall, _ transform: (Double) -> Double
  ) throws(RuntimeError) -> Tensor {
    let values = tensor.bytes.span(of: Double.self)
    var memory = try call.memory(tensor.type)
    var target = memory.elements(of: Double.self)
    for index in values.indices { target[index] = transform(values[index]) }
    return memory.tensor()
  }
}
