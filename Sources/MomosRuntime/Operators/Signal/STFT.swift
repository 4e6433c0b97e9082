import MomosModel

/// Fourier transforms of frames of signals `[batch, length, 1 or 2]`, each multiplied by a window:
/// `[batch, frames, frequencies, 2]`.
struct STFT: Float64Operator {
  private let isOneSided: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isOneSided = try context.attributes.flag("onesided", default: true)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    let frames = try frames(inputs)
    let frequencies = isOneSided ? frames.length / 2 + 1 : frames.length
    let shape = try inputs.shape([inputs[0].shape[0], frames.count, frequencies, 2])
    return [ValueType(inputs[0].elementType, shape)]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let frames = try frames(
      InputTypes(label: call.label, types: call.inputs.map { $0?.type }, values: call.inputs))
    let type = call.outputTypes[0]
    let length = call[0].shape[1]
    let isComplex = call[0].shape.rank == 3 && call[0].shape[2] == 2
    let values = call[0].bytes.span(of: Double.self)
    let window = call.optional(2)?.bytes.array(of: Double.self)
    let form = TransformForm(length: frames.length, isInverse: false, isOneSided: isOneSided)
    return [
      try call.tensor(type, of: Double.self) { (target) throws(RuntimeError) in
        guard type.shape.elementCount > 0 else { return }
        let transform = FormedTransform(form)
        for frame in 0..<(type.shape[0] * frames.count) {
          let (sample, number) = frame.quotientAndRemainder(dividingBy: frames.count)
          let first = sample * length + number * frames.step
          let spectrum = transform.apply(count: frames.length) { position in
            let factor = window?[position] ?? 1
            let index = first + position
            return isComplex
              ? (factor * values[2 * index], factor * values[2 * index + 1])
              : (factor * values[index], 0)
          }
          for frequency in 0..<type.shape[2] {
            let index = 2 * (frame * type.shape[2] + frequency)
            target[index] = spectrum[frequency].real
            target[index + 1] = spectrum[frequency].imaginary
          }
        }
      }
    ]
  }

  private func frames(
    _ inputs: InputTypes
  ) throws(RuntimeError) -> (count: Int, length: Int, step: Int) {
    let signal = inputs[0].shape
    guard signal.rank == 2 || (signal.rank == 3 && (1...2).contains(signal[2])) else {
      throw inputs.mismatch(expected: "[batch, length, 1 or 2]")
    }
    let step = try inputs.scalar(1)
    var length = signal[1]
    if let window = inputs.optional(2)?.shape {
      guard window.rank == 1 else { throw inputs.mismatch(expected: "a window of rank 1") }
      length = window[0]
    }
    if inputs.optional(3) != nil {
      length = try inputs.scalar(3)
      guard inputs.optional(2).map({ $0.shape[0] == length }) ?? true else {
        throw inputs.mismatch(expected: "a window of \(length)")
      }
    }
    guard step > 0, length > 0, length <= signal[1] else {
      throw inputs.mismatch(expected: "frames of 1 to \(signal[1]) elements, a step of 1 or more")
    }
    return ((signal[1] - length) / step + 1, length, step)
  }
}
