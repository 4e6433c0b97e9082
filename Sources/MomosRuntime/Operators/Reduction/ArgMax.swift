import MomosModel

/// The position of the largest element along an axis, int64: the first one, or with `select_last_index` the
/// last. A NaN counts as larger than every number.
struct ArgMax: Operator {
  private let axis: Int
  private let keepsAxis: Bool
  private let takesLast: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: 0)
    keepsAxis = try context.attributes.flag("keepdims", default: true)
    takesLast =
      context.version >= 12 ? try context.attributes.flag("select_last_index", default: false) : false
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint + ElementType.integers)
    var dimensions = inputs[0].shape.dimensions
    let axis = try inputs.resolved(axis: axis, rank: dimensions.count)
    let length = dimensions[axis]
    dimensions[axis] = 1
    guard length > 0 || dimensions.contains(0) else {
      throw inputs.mismatch(expected: "at least one element along axis \(axis)")
    }
    if !keepsAxis { dimensions.remove(at: axis) }
    return [ValueType(.int64, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    switch call[0].elementType {
    case .float32, .float16, .bfloat16: return [try positions(call, Float.self)]
    case .float64: return [try positions(call, Double.self)]
    case .int8: return [try positions(call, Int8.self)]
    case .int16: return [try positions(call, Int16.self)]
    case .int32: return [try positions(call, Int32.self)]
    case .int64: return [try positions(call, Int64.self)]
    case .uint8: return [try positions(call, UInt8.self)]
    case .uint16: return [try positions(call, UInt16.self)]
    case .uint32: return [try positions(call, UInt32.self)]
    case .uint64: return [try positions(call, UInt64.self)]
    case .bool: preconditionFailure("refused by inference")
    }
  }

  private func positions<Number: Comparable & BitwiseCopyable>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let input = try call.converted(call[0], to: call[0].elementType.arithmetic)
    let axis = axis < 0 ? axis + input.shape.rank : axis
    let slices = AxisSlices(input.shape, axes: axis..<(axis + 1))
    let values = input.bytes.span(of: number)
    return try call.tensor(call.outputTypes[0], of: Int64.self) { (target) throws(RuntimeError) in
      for slice in target.indices {
        target[slice] = Int64(positionOfMaximum(values, slices.start(of: slice), slices))
      }
    }
  }

  private func positionOfMaximum<Number: Comparable & BitwiseCopyable>(
    _ values: Span<Number>, _ start: Int, _ slices: AxisSlices
  ) -> Int {
    var best = 0
    for position in 1..<slices.length {
      let candidate = values[start + position * slices.stride]
      let incumbent = values[start + best * slices.stride]
      // Only a NaN differs from itself.
      let isLarger = incumbent == incumbent && (candidate > incumbent || candidate != candidate)
      let isEqual = candidate == incumbent || (candidate != candidate && incumbent != incumbent)
      if isLarger || (takesLast && isEqual) { best = position }
    }
    return best
  }
}
