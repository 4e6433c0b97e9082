import MomosKernels
import MomosModel

/// x / sqrt(mean of x^2 + epsilon) * scale over all axes from `axis` on.
///
/// float16 and bfloat16 are computed in float32 and rounded.
struct RMSNormalization: Operator {
  private let axis: Int
  private let epsilon: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: -1)
    epsilon = try context.attributes.float("epsilon", default: 1e-5)
    let stashType = try context.attributes.int("stash_type", default: ElementType.float32.rawValue)
    guard stashType == ElementType.float32.rawValue else {
      throw .attributeValue(
        context.label, attribute: "stash_type", expected: "1 (f32)", found: "\(stashType)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.require(1, in: ElementType.floatingPoint)
    let shape = inputs[0].shape
    let normalized = Array(shape.dimensions[try inputs.resolved(axis: axis, rank: shape.rank)...])
    guard Broadcasting.dimensions([normalized, inputs[1].shape.dimensions]) == normalized else {
      throw inputs.mismatch(expected: "a scale that broadcasts to \(normalized)")
    }
    return [ValueType(inputs[1].elementType, shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let arithmetic: ElementType =
      [call[0].elementType, call[1].elementType].contains(.float64) ? .float64 : .float32
    let (input, scale) = (
      try call.cast(call[0], to: arithmetic), try call.cast(call[1], to: arithmetic)
    )
    let axis = axis < 0 ? axis + input.shape.rank : axis
    let computed = ValueType(arithmetic, type.shape)
    let scales = try call.expanded(scale, to: Array(input.shape.dimensions[axis...]))
    let result =
      arithmetic == .float64
      ? try normalized(call, input, scales, computed) : try normalizedByKernel(call, input, scales, computed)
    return [try call.cast(result, to: type.elementType)]
  }

  private func normalizedByKernel(
    _ call: OperatorCall, _ input: Tensor, _ scale: Tensor, _ type: ValueType
  ) throws(RuntimeError) -> Tensor {
    let (values, scales) = (input.bytes.span(of: Float.self), scale.bytes.span(of: Float.self))
    return try call.tensor(type, of: Float.self, zeroed: false) { (target) throws(RuntimeError) in
      guard !target.isEmpty else { return }
      VectorKernels.normalize(
        RowNormalization(epsilon: epsilon, subtractsMean: false), values, columns: scales.count,
        scale: scales,
        into: &target, pool: call.pool)
    }
  }

  private func normalized(
    _ call: OperatorCall, _ input: Tensor, _ scale: Tensor, _ type: ValueType
  ) throws(RuntimeError) -> Tensor {
    let (values, scales) = (input.bytes.span(of: Double.self), scale.bytes.span(of: Double.self))
    return try call.tensor(type, of: Double.self, zeroed: false) { (target) throws(RuntimeError) in
      for start in stride(from: 0, to: target.count, by: max(scales.count, 1)) {
        var squares = 0.0
        for index in scales.indices { squares += values[start + index] * values[start + index] }
        let divisor = (squares / Double(scales.count) + Double(epsilon)).squareRoot()
        for index in scales.indices {
          target[start + index] = values[start + index] / divisor * scales[index]
        }
      }
    }
  }
}

extension OperatorCall {
  /// The tensor broadcast to dimensions.
  fileprivate func expanded(_ tensor: Tensor, to dimensions: [Int]) throws(RuntimeError) -> Tensor {
    guard tensor.shape.dimensions != dimensions else { return tensor }
    let shape = try label.place { () throws(ModelError) in try Shape(dimensions) }
    let source = tensor.shape
    let strides = dimensions.indices.map { axis in
      let own = axis - (dimensions.count - source.rank)
      return own < 0 || source[own] == 1 ? 0 : source.strides[own]
    }
    let copy = StridedCopy(dimensions, source: strides, target: shape.strides)
    return try withoutOutputMemory.arranged(tensor, as: ValueType(tensor.elementType, shape), copy)
  }
}
