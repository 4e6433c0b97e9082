import MomosModel

/// The input in the element type that `to` names.
///
/// Attributes for the types of eight bits and fewer are read and have no effect.
struct Cast: Operator {
  private let elementType: ElementType

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    elementType = try context.requiredElementType("to")
    try context.readSmallFloatAttributes()
  }

  func inferOutputs(_ inputs: InputTypes) -> [ValueType] { [ValueType(elementType, inputs[0].shape)] }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call.cast(call[0], to: elementType)]
  }
}

/// The first input in the element type of the second.
struct CastLike: Operator {
  init(_ context: inout OperatorContext) throws(RuntimeError) {
    try context.readSmallFloatAttributes()
  }

  func inferOutputs(_ inputs: InputTypes) -> [ValueType] {
    [ValueType(inputs[1].elementType, inputs[0].shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call.cast(call[0], to: call[1].elementType)]
  }
}

/// The bits of the input as elements of another type of the same width.
struct BitCast: Operator {
  private let elementType: ElementType

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    elementType = try context.requiredElementType("to")
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.allCases.filter { $0.byteCount == elementType.byteCount })
    return [ValueType(elementType, inputs[0].shape)]
  }

  var sharedInput: Int? { 0 }

  func execute(_ call: OperatorCall) -> [Tensor] {
    [Tensor(elementType: elementType, shape: call[0].shape, bytes: call[0].bytes)]
  }
}

extension OperatorContext {
  /// The element type that an attribute gives by its number in ONNX.
  mutating func requiredElementType(_ name: String) throws(RuntimeError) -> ElementType {
    guard let type = try elementType(name) else { throw .missingAttribute(label, attribute: name) }
    return type
  }

  /// The element type that an attribute gives by its number in ONNX; nil without it, or if it is 0.
  mutating func elementType(_ name: String) throws(RuntimeError) -> ElementType? {
    guard let number = try attributes.int(name), number != 0 else { return nil }
    guard let type = ElementType(rawValue: number) else {
      let known = ElementType.allCases.map { "\($0.rawValue) (\($0.name))" }.joined(separator: ", ")
      throw .attributeValue(label, attribute: name, expected: "one of \(known)", found: "\(number)")
    }
    return type
  }

  /// What Cast and CastLike say of conversions to types that this runtime does not have.
  fileprivate mutating func readSmallFloatAttributes() throws(RuntimeError) {
    if version >= 19 { _ = try attributes.flag("saturate", default: true) }
    if version >= 24 { _ = try attributes.choice("round_mode", of: ["up", "down", "nearest"]) }
  }
}
