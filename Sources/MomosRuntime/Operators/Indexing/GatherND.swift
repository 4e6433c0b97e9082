import MomosModel

/// The slices that index tuples name: the last axis of the indices counts the leading axes of a slice's place, after
/// `batch_dims` axes that both share.
struct GatherND: Operator {
  private let batchRank: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    batchRank = context.version >= 12 ? try context.attributes.int("batch_dims", default: 0) : 0
    guard batchRank >= 0 else {
      throw .attributeValue(
        context.label, attribute: "batch_dims", expected: "0 or more", found: "\(batchRank)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int64])
    let (source, indices) = (inputs[0].shape.dimensions, inputs[1].shape.dimensions)
    guard let tupleLength = indices.last, batchRank < indices.count, batchRank <= source.count,
      tupleLength > 0, tupleLength <= source.count - batchRank, source[..<batchRank] == indices[..<batchRank]
    else {
      throw inputs.mismatch(expected: "\(batchRank) equal leading axes, and tuples of at most the axes left")
    }
    let dimensions = indices.dropLast() + source[(batchRank + tupleLength)...]
    return [ValueType(inputs[0].elementType, try inputs.shape(Array(dimensions)))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let runs = try call.tupleRuns(batchRank: batchRank)
    return [try call.gathered(call[0], as: call.outputTypes[0], runs)]
  }
}

extension OperatorCall {
  /// The slices of input 0 that the index tuples, input 1, name.
  func tupleRuns(batchRank: Int) throws(RuntimeError) -> Runs {
    let (source, indices) = (self[0].shape, self[1].shape.dimensions)
    let tupleLength = indices.last ?? 0
    let strides = source.strides
    let length = source.dimensions[(batchRank + tupleLength)...].reduce(1, *)
    let batchCount = indices[..<batchRank].reduce(1, *)
    let tupleCount = indices[batchRank...].dropLast().reduce(1, *)
    let batchStride = source.dimensions[batchRank...].reduce(1, *)
    let values = self[1].integers() ?? []
    var starts: [Int] = []
    starts.reserveCapacity(batchCount * tupleCount)
    for tuple in 0..<(batchCount * tupleCount) {
      var start = tuple / max(tupleCount, 1) * batchStride
      for member in 0..<tupleLength {
        let count = source[batchRank + member]
        let index = values[tuple * tupleLength + member]
        guard index >= -count, index < count else {
          throw .indexOutOfRange(label, index: index, count: count)
        }
        start += (index < 0 ? index + count : index) * strides[batchRank + member]
      }
      starts.append(start)
    }
    return Runs(starts: starts, length: length)
  }
}
