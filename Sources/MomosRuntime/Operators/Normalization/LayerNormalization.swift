import MomosKernels
import MomosModel

/// (x - mean) / sqrt(variance + epsilon) * scale + bias over all axes from `axis` on, and on request the mean and
/// 1 / sqrt(variance + epsilon) in float32.
///
/// Mean and variance of float64, and those that are asked for, are accumulated in float64, in ascending order.
struct LayerNormalization: Operator {
  private let axis: Int
  private let epsilon: Float
  private let outputCount: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: -1)
    epsilon = try context.attributes.float("epsilon", default: 1e-5)
    let stashType = try context.attributes.int("stash_type", default: ElementType.float32.rawValue)
    guard stashType == ElementType.float32.rawValue else {
      throw .attributeValue(
        context.label, attribute: "stash_type", expected: "1 (f32)", found: "\(stashType)")
    }
    outputCount = context.outputCount
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    let shape = inputs[0].shape
    let first = try inputs.resolved(axis: axis, rank: shape.rank)
    let normalized = Array(shape.dimensions[first...])
    for operand in inputs.types.dropFirst() {
      guard let operand else { continue }
      guard Broadcasting.dimensions([normalized, operand.shape.dimensions]) == normalized else {
        throw inputs.mismatch(expected: "scale and bias to broadcast to \(normalized)")
      }
    }
    let reduced = shape.dimensions[..<first] + normalized.map { _ in 1 }
    let statistics = ValueType(.float32, try inputs.shape(Array(reduced)))
    return Array([inputs[0], statistics, statistics].prefix(outputCount))
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    let input = try call.cast(call[0], to: elementType.arithmetic)
    let slices = slices(of: input.shape)
    if outputCount == 1, input.elementType == .float32 {
      return [try call.cast(try rows(call, input), to: elementType)]
    }
    let statistics: SliceStatistics
    let result: Tensor
    if elementType == .float64 {
      statistics = SliceStatistics(
        input.bytes.span(of: Double.self), count: slices.count, length: slices.length, epsilon)
      result = try normalized(call, input, statistics, Double.self)
    } else {
      statistics = SliceStatistics(
        input.bytes.span(of: Float.self), count: slices.count, length: slices.length, epsilon)
      result = try normalized(call, input, statistics, Float.self)
    }
    var outputs = [try call.cast(result, to: elementType)]
    for (type, values) in zip(
      call.outputTypes.dropFirst(), [statistics.means, statistics.inverseDeviations])
    {
      outputs.append(
        try call.tensor(type, of: Float.self) { (target) throws(RuntimeError) in
          for index in values.indices { target[index] = Float(values[index]) }
        })
    }
    return outputs
  }

  private func slices(of shape: Shape) -> AxisSlices {
    AxisSlices(shape, axes: (axis < 0 ? axis + shape.rank : axis)..<shape.rank)
  }

  /// In float32, without the statistics.
  private func rows(_ call: OperatorCall, _ input: Tensor) throws(RuntimeError) -> Tensor {
    let columns = slices(of: input.shape).length
    let normalizedShape = Array(input.shape.dimensions[(axis < 0 ? axis + input.shape.rank : axis)...])
    let scales = try parameter(call, at: 1, absent: 1, normalizedShape, Float.self)
    let biases = try parameter(call, at: 2, absent: 0, normalizedShape, Float.self)
    let values = input.bytes.span(of: Float.self)
    return try call.tensor(input.type, of: Float.self, zeroed: false) { (target) throws(RuntimeError) in
      VectorKernels.normalize(
        RowNormalization(epsilon: epsilon), values, columns: columns, scale: scales.span, bias: biases.span,
        into: &target, pool: call.pool)
    }
  }

  private func normalized<Number: RealNumber>(
    _ call: OperatorCall, _ input: Tensor, _ statistics: SliceStatistics, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let first = axis < 0 ? axis + input.shape.rank : axis
    let normalizedShape = Array(input.shape.dimensions[first...])
    let length = slices(of: input.shape).length
    let scales = try parameter(call, at: 1, absent: 1, normalizedShape, number)
    let biases = try parameter(call, at: 2, absent: 0, normalizedShape, number)
    let values = input.bytes.span(of: number)
    return try call.tensor(input.type, of: number) { (target) throws(RuntimeError) in
      for slice in statistics.means.indices {
        let mean = statistics.means[slice]
        let inverseDeviation = statistics.inverseDeviations[slice]
        let range = (slice * length)..<((slice + 1) * length)
        let sliceValues = values.extracting(range)
        var sliceTarget = target.part(range)
        for position in sliceTarget.indices {
          let standardized = Number((Double(sliceValues[position]) - mean) * inverseDeviation)
          sliceTarget[position] = standardized * scales[position] + biases[position]
        }
      }
    }
  }

  /// Scale or bias, one number for each normalized element.
  private func parameter<Number: RealNumber>(
    _ call: OperatorCall, at position: Int, absent: Number, _ normalizedShape: [Int], _ number: Number.Type
  ) throws(RuntimeError) -> [Number] {
    var expanded = [Number](repeating: absent, count: normalizedShape.reduce(1, *))
    guard let operand = call.optional(position) else { return expanded }
    let tensor = try call.cast(operand, to: operand.elementType.arithmetic)
    var walk = BroadcastWalk(operands: [tensor.shape.dimensions], to: normalizedShape)
    let values = tensor.bytes.span(of: number)
    while walk.next() {
      for index in 0..<walk.runLength {
        expanded[walk.start + index] = values[walk.operandStarts[0] + index * walk.steps[0]]
      }
    }
    return expanded
  }
}
