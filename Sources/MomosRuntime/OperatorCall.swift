import MomosKernels
import MomosModel

/// One execution of one operator: its inputs, the types its outputs must have, and what it may use.
struct OperatorCall {
  let label: NodeLabel
  /// By position; an omitted optional input and a linear operand are nil.
  let inputs: [Tensor?]
  let outputTypes: [ValueType]
  let pool: ThreadPool
  /// Where the outputs go; without it they take memory of their own.
  var outputMemory: OutputMemory?

  /// An input that the operator requires.
  subscript(position: Int) -> Tensor {
    guard let tensor = inputs[position] else { preconditionFailure("the plan checked required inputs") }
    return tensor
  }

  /// An optional input.
  func optional(_ position: Int) -> Tensor? {
    position < inputs.count ? inputs[position] : nil
  }

  /// A tensor of the given type whose elements `body` fills.
  ///
  /// An output that has this very type is given its place among the values of the graph.
  /// - Parameter zeroed: whether the elements are zero at first; without it `body` has to write each of them.
  func tensor<Element: BitwiseCopyable>(
    _ type: ValueType, of element: Element.Type, zeroed: Bool = true,
    _ body: (inout MutableSpan<Element>) throws(RuntimeError) -> Void
  ) throws(RuntimeError) -> Tensor {
    var memory = try memory(type, zeroed: zeroed)
    var elements = memory.elements(of: element)
    try body(&elements)
    return memory.tensor()
  }

  /// The tensor with its axes reordered, as `Tensor.transposed`.
  func transposed(_ tensor: Tensor, _ permutation: [Int]) throws(RuntimeError) -> Tensor {
    try modelErrors { () throws(ModelError) in try tensor.transposed(permutation) }
  }

  /// The shape of a tensor on the way to the outputs.
  func shape(_ dimensions: [Int]) throws(RuntimeError) -> Shape {
    try modelErrors { () throws(ModelError) in try Shape(dimensions) }
  }

  private func modelErrors<Result: ~Copyable>(
    _ body: () throws(ModelError) -> Result
  ) throws(RuntimeError) -> Result {
    do { return try body() } catch { throw .model(error, place: label.description) }
  }
}
