import MomosModel

/// The first elements of every sequence of a batch, as many as its length says, backwards.
struct ReverseSequence: Operator {
  private let batchAxis: Int
  private let timeAxis: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    batchAxis = try context.attributes.int("batch_axis", default: 1)
    timeAxis = try context.attributes.int("time_axis", default: 0)
    guard [[0, 1], [1, 0]].contains([batchAxis, timeAxis]) else {
      throw .attributeValue(
        context.label, attribute: "time_axis", expected: "one of 0 and 1, and batch_axis the other",
        found: "\(timeAxis) beside \(batchAxis)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int64])
    let shape = inputs[0].shape
    guard shape.rank >= 2, inputs[1].shape.dimensions == [shape[batchAxis]] else {
      throw inputs.mismatch(expected: "two axes or more, and one length for each sequence")
    }
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let lengths = call[1].integers() ?? []
    if let length = lengths.first(where: { $0 < 0 || $0 > shape[timeAxis] }) {
      throw .indexOutOfRange(call.label, index: length, count: shape[timeAxis])
    }
    if let empty = try call.emptyTensor(call.outputTypes[0]) { return [empty] }
    let run = shape.dimensions[2...].reduce(1, *)
    var starts: [Int] = []
    starts.reserveCapacity(shape[0] * shape[1])
    for first in 0..<shape[0] {
      for second in 0..<shape[1] {
        let (time, batch) = timeAxis == 0 ? (first, second) : (second, first)
        let source = time < lengths[batch] ? lengths[batch] - 1 - time : time
        starts.append((timeAxis == 0 ? source * shape[1] + batch : batch * shape[1] + source) * run)
      }
    }
    return [try call.gathered(call[0], as: call.outputTypes[0], Runs(starts: starts, length: run))]
  }
}
