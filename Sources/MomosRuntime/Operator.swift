import MomosModel

/// One node of a plan, ready to execute: an ONNX operator with its attributes read and checked.
///
/// To add an operator, write a struct that conforms and add one line to `OperatorRegistry`.
protocol Operator: Sendable {
  /// The input that is multiplied as a weight matrix when it is a tensor of the model; nil for most operators.
  ///
  /// Depends on the node alone, so that a conversion can ask before any weights are read.
  static func linearOperand(of node: Node) -> LinearOperand?

  /// Reads every attribute of the node; the counts of its inputs and outputs are already checked.
  init(_ context: inout OperatorContext) throws(RuntimeError)

  /// The type of every output, or why the operator does not apply to these inputs.
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType]

  /// One tensor per inferred type, of that type.
  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor]
}

extension Operator {
  static func linearOperand(of node: Node) -> LinearOperand? { nil }
}

/// The input of a node that is a weight matrix, and how its tensor is arranged as `[rows, columns]`.
struct LinearOperand: Hashable {
  /// Position among the node's inputs.
  let position: Int
  let view: MatrixView

  /// The rank a tensor must have for the view to apply.
  var rank: Int { view.permutation.count }
}

/// What an operator learns about its node when it is planned.
struct OperatorContext {
  let label: NodeLabel
  /// Version of the operator set the graph was written for.
  let version: Int
  let inputCount: Int
  let outputCount: Int
  var attributes: AttributeReader
  /// The linear operand, if it is a tensor of the model; the operator then does not get it as an input.
  let linearWeight: LinearWeight?
  /// Dense tensors of the model among the inputs, by position.
  let constants: [Int: Tensor]

  /// The integers of an input that decides shapes and so must be a tensor of the model: int64, rank 1.
  func constantIntegers(at position: Int) throws(RuntimeError) -> [Int] {
    guard let tensor = constants[position], tensor.elementType == .int64, tensor.shape.rank == 1,
      let integers = tensor.integers()
    else { throw .inputNotConstant(label, position: position, expected: "i64 of rank 1") }
    return integers
  }
}

/// The types of a node's inputs during shape inference; an omitted optional input is nil.
struct InputTypes {
  let label: NodeLabel
  let types: [ValueType?]

  /// The type of an input that the operator requires.
  subscript(position: Int) -> ValueType {
    guard let type = types[position] else { preconditionFailure("the plan checked required inputs") }
    return type
  }

  /// The type of an optional input.
  func optional(_ position: Int) -> ValueType? {
    position < types.count ? types[position] : nil
  }

  /// Refuses an input whose element type the operator does not take.
  func require(_ position: Int, in expected: [ElementType]) throws(RuntimeError) {
    guard let type = optional(position), !expected.contains(type.elementType) else { return }
    throw .elementType(label, position: position, expected: expected, found: type.elementType)
  }

  /// Refuses inputs of different element types.
  func requireEqualElementTypes() throws(RuntimeError) {
    let found = types.compactMap { $0?.elementType }
    if Set(found).count > 1 { throw .elementTypesDiffer(label, found) }
  }

  /// An axis in `0..<rank` from one that may count from the end.
  func resolved(axis: Int, rank: Int) throws(RuntimeError) -> Int {
    guard axis >= -rank, axis < rank else { throw .axis(label, axis: axis, rank: rank) }
    return axis < 0 ? axis + rank : axis
  }

  func shape(_ dimensions: [Int]) throws(RuntimeError) -> Shape {
    do { return try Shape(dimensions) } catch { throw .model(error, place: label.description) }
  }

  /// The error for shapes that contradict the operator.
  func mismatch(expected: String) -> RuntimeError {
    .shapes(label, expected: expected, found: types.compactMap { $0?.shape })
  }
}

extension ElementType {
  /// The types that activations and matrix products take.
  static let floatingPoint: [ElementType] = [.float32, .float64, .float16, .bfloat16]
  static let integers: [ElementType] = [.int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64]
  static let signedIntegers: [ElementType] = [.int8, .int16, .int32, .int64]

  /// The type in which an operator computes with values of this type: float32 for float16 and bfloat16.
  var arithmetic: ElementType { self == .float16 || self == .bfloat16 ? .float32 : self }
}
