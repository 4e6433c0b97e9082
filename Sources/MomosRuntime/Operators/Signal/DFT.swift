import MomosModel

/// The discrete Fourier transform along an axis of `[..., 1 or 2]`, real or complex numbers; complex numbers come out.
///
/// With `onesided` only the first half of the frequencies is given; the inverse then takes that half and gives real
/// numbers. Inputs are cut or padded with zeros to the length of the transform.
struct DFT: Float64Operator {
  private let isInverse: Bool
  private let isOneSided: Bool
  /// nil if an input says.
  private let axis: Int?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isInverse = try context.attributes.flag("inverse", default: false)
    isOneSided = try context.attributes.flag("onesided", default: false)
    axis = context.version < 20 ? try context.attributes.int("axis", default: 1) : nil
    guard axis == nil || context.inputCount < 3 else {
      throw .inputCount(context.label, expected: 1...2, found: context.inputCount)
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    let (axis, form) = try form(inputs)
    var dimensions = inputs[0].shape.dimensions
    dimensions[axis] = form.outputLength
    dimensions[dimensions.count - 1] = form.isRealOutput ? 1 : 2
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let inputs = InputTypes(
      label: call.label, types: call.inputs.map { $0?.type }, values: call.inputs)
    let (axis, form) = try form(inputs)
    let values = call[0].bytes.span(of: Double.self)
    let isComplex = call[0].shape.dimensions.last == 2
    let inputLength = call[0].shape[axis]
    let type = call.outputTypes[0]
    let slices = AxisSlices(
      try call.shape(Array(type.shape.dimensions.dropLast())), axes: axis..<(axis + 1))
    return [
      try call.tensor(type, of: Double.self) { (target) throws(RuntimeError) in
        guard type.shape.elementCount > 0 else { return }
        let outputWidth = form.isRealOutput ? 1 : 2
        let transform = FormedTransform(form)
        for slice in 0..<slices.count {
          let (outer, inner) = slice.quotientAndRemainder(dividingBy: slices.stride)
          let sourceStart = outer * inputLength * slices.stride + inner
          let spectrum = transform.apply(count: inputLength) { position in
            let index = sourceStart + position * slices.stride
            return isComplex
              ? (values[2 * index], values[2 * index + 1]) : (values[index], 0)
          }
          let start = slices.start(of: slice)
          for position in 0..<slices.length {
            let index = (start + position * slices.stride) * outputWidth
            target[index] = spectrum[position].real
            if outputWidth == 2 { target[index + 1] = spectrum[position].imaginary }
          }
        }
      }
    ]
  }

  private func form(_ inputs: InputTypes) throws(RuntimeError) -> (axis: Int, form: TransformForm) {
    let shape = inputs[0].shape
    guard shape.rank >= 2, shape.dimensions.last == 1 || shape.dimensions.last == 2 else {
      throw inputs.mismatch(expected: "[..., 1] or [..., 2]")
    }
    var axis = axis ?? -2
    if self.axis == nil, inputs.optional(2) != nil { axis = try inputs.scalar(2) }
    axis = try inputs.resolved(axis: axis, rank: shape.rank)
    guard axis < shape.rank - 1 else { throw .axis(inputs.label, axis: axis, rank: shape.rank - 1) }
    let isReal = isInverse && isOneSided
    var length = isReal ? 2 * (shape[axis] - 1) : shape[axis]
    if inputs.optional(1) != nil { length = try inputs.scalar(1) }
    guard length > 0 || shape[axis] == 0 && length == 0 else {
      throw inputs.mismatch(expected: "a transform of at least one element")
    }
    return (axis, TransformForm(length: length, isInverse: isInverse, isOneSided: isOneSided))
  }
}

extension InputTypes {
  /// The one element of an integer input, as `integers`.
  func scalar(_ position: Int) throws(RuntimeError) -> Int {
    let integers = try integers(position)
    guard integers.count == 1 else {
      throw .shapes(label, expected: "one element of input \(position)", found: [self[position].shape])
    }
    return integers[0]
  }
}
