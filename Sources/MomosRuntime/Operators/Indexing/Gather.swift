import MomosModel

/// The slices of a tensor along an axis that the indices name, in the shape of the indices.
///
/// A matrix of the model whose rows are taken may be a mosaic, of which only those rows are reconstructed.
struct Gather: Operator {
  private let axis: Int
  private let table: RowReconstruction?

  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand? {
    switch node.attribute("axis") ?? .int(0) {
    case .int(0), .int(-2): LinearOperand(position: 0, view: .lastAxisIsInput(rank: 2), use: .rows)
    default: nil
    }
  }

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: 0)
    table = context.rowTable
  }

  var weightArrangement: WeightArrangement? { .lookups }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int32, .int64])
    let source = inputs[0].shape.dimensions
    let axis = try inputs.resolved(axis: axis, rank: source.count)
    let dimensions = source[..<axis] + inputs[1].shape.dimensions + source[(axis + 1)...]
    return [ValueType(inputs[0].elementType, try inputs.shape(Array(dimensions)))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    if let table {
      return [try lookedUp(call, table)]
    }
    let shape = call[0].shape
    let axis = axis < 0 ? axis + shape.rank : axis
    let indices = try call.indices(1, on: shape[axis])
    if let empty = try call.emptyTensor(type) { return [empty] }
    let length = shape.dimensions[(axis + 1)...].reduce(1, *)
    let outerCount = shape.dimensions[..<axis].reduce(1, *)
    let runs = Runs(
      starts: (0..<outerCount).map { $0 * shape[axis] * length }, offsets: indices.map { $0 * length },
      length: length)
    return [try call.gathered(call[0], as: type, runs)]
  }

  private func lookedUp(_ call: OperatorCall, _ table: RowReconstruction) throws(RuntimeError) -> Tensor {
    let rows = try call.indices(1, on: table.rowCount)
    var memory = try call.memory(call.outputTypes[0])
    switch memory.type.elementType.byteCount {
    case 2: write(rows, of: table, to: &memory, UInt16.self)
    case 4: write(rows, of: table, to: &memory, UInt32.self)
    default: write(rows, of: table, to: &memory, UInt64.self)
    }
    return memory.tensor()
  }

  private func write<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ rows: [Int], of table: RowReconstruction, to memory: inout TensorMemory, _ pattern: Pattern.Type
  ) {
    let columns = table.columnCount
    var target = memory.elements(of: pattern)
    for (number, row) in rows.enumerated() {
      var weights = target.part((number * columns)..<((number + 1) * columns))
      table.write(row: row, to: &weights)
    }
  }
}

/// For every index the element at its own place, but along the axis at the index.
struct GatherElements: Operator {
  private let axis: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: 0)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int32, .int64])
    try inputs.requireElementIndices(axis: axis)
    return [ValueType(inputs[0].elementType, inputs[1].shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let runs = Runs(starts: try call.elementPlaces(axis: axis), length: 1)
    return [try call.gathered(call[0], as: call.outputTypes[0], runs)]
  }
}

extension InputTypes {
  /// Refuses indices, input 1, that do not name elements of input 0 along an axis.
  func requireElementIndices(axis: Int) throws(RuntimeError) {
    let (source, indices) = (self[0].shape, self[1].shape)
    let axis = try resolved(axis: axis, rank: source.rank)
    guard indices.rank == source.rank,
      (0..<source.rank).allSatisfy({ $0 == axis || indices[$0] <= source[$0] })
    else { throw mismatch(expected: "indices within the tensor, but along axis \(axis)") }
  }
}

extension OperatorCall {
  /// Where in input 0 the elements lie that the indices, input 1, name along an axis.
  func elementPlaces(axis: Int) throws(RuntimeError) -> [Int] {
    let shape = self[0].shape
    let axis = axis < 0 ? axis + shape.rank : axis
    let indices = try indices(1, on: shape[axis])
    var strides = shape.strides
    let stride = strides[axis]
    strides[axis] = 0
    var places = StridedPositions(dimensions: self[1].shape.dimensions, strides: strides).places()
    for number in places.indices { places[number] += indices[number] * stride }
    return places
  }
}
