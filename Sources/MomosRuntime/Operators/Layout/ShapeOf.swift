import MomosModel

/// ONNX's Shape: the sizes of the axes from `start` to `end`, int64.
struct ShapeOf: Operator {
  private let start: Int
  private let end: Int?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    start = context.version >= 15 ? try context.attributes.int("start", default: 0) : 0
    end = context.version >= 15 ? try context.attributes.int("end") : nil
  }

  func inferOutputs(_ inputs: InputTypes) -> [ValueType] {
    [ValueType(.int64, Shape(vector: axes(of: inputs[0].shape).count))]
  }

  func knownOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [Tensor]? {
    [try sizes(of: inputs[0].shape, inputs.label)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try sizes(of: call[0].shape, call.label)]
  }

  private func sizes(of shape: Shape, _ label: NodeLabel) throws(RuntimeError) -> Tensor {
    let sizes = shape.dimensions[axes(of: shape)].map { Int64($0) }
    return try label.place { () throws(ModelError) in try Tensor(sizes, shape: Shape(vector: sizes.count)) }
  }

  /// Ends beyond the axes are moved to them.
  private func axes(of shape: Shape) -> Range<Int> {
    let first = clamped(start, shape.rank)
    return first..<max(first, clamped(end ?? shape.rank, shape.rank))
  }

  private func clamped(_ axis: Int, _ rank: Int) -> Int {
    min(max(axis < 0 ? axis + rank : axis, 0), rank)
  }
}

/// ONNX's Size: the number of elements, int64, rank 0.
struct SizeOf: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    [ValueType(.int64, try inputs.shape([]))]
  }

  func knownOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [Tensor]? {
    [try size(of: inputs[0].shape, inputs.label)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try size(of: call[0].shape, call.label)]
  }

  private func size(of shape: Shape, _ label: NodeLabel) throws(RuntimeError) -> Tensor {
    try label.place { () throws(ModelError) in try Tensor([Int64(shape.elementCount)], shape: Shape([])) }
  }
}

extension NodeLabel {
  /// Says in an error of the model that it arose at this node.
  func place<Result: ~Copyable>(_ body: () throws(ModelError) -> Result) throws(RuntimeError) -> Result {
    do { return try body() } catch { throw .model(error, place: description) }
  }
}
