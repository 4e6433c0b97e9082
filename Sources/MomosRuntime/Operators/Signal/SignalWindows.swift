import Glibc
import MomosModel

/// A window of the size that the input says, in the type of `output_datatype`; symmetric, or with `periodic` as the
/// beginning of one that is longer by one.
protocol SignalWindowOperator: Operator {
  var form: SignalWindowForm { get }
  /// - Parameter angle: from 0 to 2 pi.
  static func value(at angle: Double) -> Double
}

/// The attributes of the window operators.
struct SignalWindowForm: Sendable {
  let elementType: ElementType
  let isPeriodic: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    elementType = try context.elementType("output_datatype")
    isPeriodic = try context.attributes.flag("periodic", default: true)
  }
}

extension SignalWindowOperator {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    [ValueType(form.elementType, try inputs.shape([try inputs.scalar(0)]))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let count = call.outputTypes[0].shape.elementCount
    let period = Double(form.isPeriodic ? count : count - 1)
    return [
      try call.numbers { position in
        // A symmetric window of one element is its middle.
        Self.value(at: period == 0 ? Double.pi : 2 * Double.pi * Double(position) / period)
      }
    ]
  }
}

struct HannWindow: SignalWindowOperator {
  let form: SignalWindowForm
  init(_ context: inout OperatorContext) throws(RuntimeError) { form = try SignalWindowForm(&context) }
  static func value(at angle: Double) -> Double { 0.5 - 0.5 * cos(angle) }
}

struct HammingWindow: SignalWindowOperator {
  let form: SignalWindowForm
  init(_ context: inout OperatorContext) throws(RuntimeError) { form = try SignalWindowForm(&context) }
  static func value(at angle: Double) -> Double { 25.0 / 46 - 21.0 / 46 * cos(angle) }
}

struct BlackmanWindow: SignalWindowOperator {
  let form: SignalWindowForm
  init(_ context: inout OperatorContext) throws(RuntimeError) { form = try SignalWindowForm(&context) }
  static func value(at angle: Double) -> Double { 0.42 - 0.5 * cos(angle) + 0.08 * cos(2 * angle) }
}

extension OperatorContext {
  /// An attribute that names a type of numbers; float32 without it.
  mutating func elementType(_ name: String) throws(RuntimeError) -> ElementType {
    let code = try attributes.int(name, default: ElementType.float32.rawValue)
    guard let elementType = ElementType(rawValue: code), elementType != .bool else {
      throw .attributeValue(label, attribute: name, expected: "a type of numbers", found: "\(code)")
    }
    return elementType
  }
}

extension OperatorCall {
  /// The first output from float64 numbers by position; integers without their fractions.
  func numbers(_ value: (Int) -> Double) throws(RuntimeError) -> Tensor {
    let type = outputTypes[0]
    let elementType = type.elementType.isFloatingPoint ? type.elementType.arithmetic : type.elementType
    return try withoutActuallyEscaping(value) { (escapable) throws(RuntimeError) in
      let computed = try elementType.visit(
        NumberFilling(call: self, type: ValueType(elementType, type.shape), value: escapable))
      return try cast(computed, to: type.elementType)
    }
  }
}

private struct NumberFilling: NumberVisitor {
  let call: OperatorCall
  let type: ValueType
  let value: (Int) -> Double

  func visit<Number: RealNumber>(real: Number.Type) throws(RuntimeError) -> Tensor {
    try call.tensor(type, of: real) { (target) throws(RuntimeError) in
      for position in target.indices { target[position] = Number(value(position)) }
    }
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try call.tensor(type, of: integer) { (target) throws(RuntimeError) in
      for position in target.indices {
        let number = value(position).rounded(.towardZero)
        target[position] = Number(exactly: number) ?? (number > 0 ? Number.max : Number.min)
      }
    }
  }
}
