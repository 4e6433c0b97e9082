import MomosModel

/// One node of a plan, ready to execute: an ONNX operator with its attributes read and checked.
///
/// To add an operator, write a struct that conforms and add one line to `OperatorRegistry`.
protocol Operator: Sendable {
  /// The input that is a weight matrix when it is a tensor of the model; nil for most operators.
  ///
  /// Depends on the node and the rank of the tensor alone, so that a conversion can ask before any weights are read.
  /// - Parameter rank: the rank of the tensor of the model that is the input at a position, nil where there is none.
  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand?

  /// Reads every attribute of the node; the counts of its inputs and outputs are already checked.
  init(_ context: inout OperatorContext) throws(RuntimeError)

  /// The type of every output, or why the operator does not apply to these inputs.
  ///
  /// Where a shape depends on the elements of an input, `inputs.value` gives that input or puts the inference off
  /// until it is known.
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType]

  /// The outputs themselves where they depend on nothing but the types of the inputs, as those of `Shape`; else nil.
  func knownOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [Tensor]?

  /// The input whose elements the first output has, in the same order: such an output takes no memory of its own.
  var sharedInput: Int? { get }

  /// How the node's weight of the model meets its inputs, for those who watch; nil without a weight.
  var weightArrangement: WeightArrangement? { get }

  /// One tensor per inferred type, of that type.
  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor]
}

extension Operator {
  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand? { nil }
  func knownOutputs(_ inputs: InputTypes) -> [Tensor]? { nil }
  var sharedInput: Int? { nil }
  var weightArrangement: WeightArrangement? { nil }
}

/// The input of a node that is a weight matrix, and how its tensor is arranged as `[rows, columns]`.
struct LinearOperand: Hashable {
  /// What an operator does with its weight matrix.
  enum Use {
    /// Inputs are multiplied by it.
    case product
    /// Single rows are looked up. A dense matrix is an input as any other.
    case rows
  }

  /// Position among the node's inputs.
  let position: Int
  let view: MatrixView
  var use = Use.product

  /// The rank a tensor must have for the view to apply.
  var rank: Int { view.permutation.count }
}

extension ElementType {
  /// The types that activations and matrix products take.
  static let floatingPoint: [ElementType] = [.float32, .float64, .float16, .bfloat16]
  static let integers: [ElementType] = [.int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64]
  static let signedIntegers: [ElementType] = [.int8, .int16, .int32, .int64]
  static let numbers: [ElementType] = floatingPoint + integers

  /// The type in which an operator computes with values of this type: float32 for float16 and bfloat16.
  var arithmetic: ElementType { self == .float16 || self == .bfloat16 ? .float32 : self }
}
