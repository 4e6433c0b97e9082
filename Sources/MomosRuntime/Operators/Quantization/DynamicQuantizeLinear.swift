import MomosKernels
import MomosModel

/// The input as uint8, with the scale and zero point that its range, widened to contain zero, asks for.
///
/// scale = (largest - smallest) / 255, or 1/255 where both are zero; zero point = -smallest / scale, rounded.
struct DynamicQuantizeLinear: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: [.float32])
    let scalar = try inputs.shape([])
    return [ValueType(.uint8, inputs[0].shape), ValueType(.float32, scalar), ValueType(.uint8, scalar)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let values = call[0].bytes.span(of: Float.self)
    let extremes = VectorKernels.extremes(of: values)
    let (smallest, largest) = (extremes.smallest.atMost(0), extremes.largest.atLeast(0))
    let scale = (largest == smallest ? 1 : largest - smallest) / 255
    let zeroPoint = (0 - smallest / scale).atLeast(0).atMost(255).rounded(.toNearestOrEven)
    let quantization = LinearQuantization(scale: scale, zeroPoint: zeroPoint)
    let quantized = try call.tensor(call.outputTypes[0], of: UInt8.self, zeroed: false) {
      (target) throws(RuntimeError) in
      VectorKernels.quantize(values, quantization, to: .uint8, into: &target, pool: call.pool)
    }
    let scaleTensor = try call.tensor(call.outputTypes[1], of: Float.self) { (target) throws(RuntimeError) in
      target[0] = scale
    }
    let zeroTensor = try call.tensor(call.outputTypes[2], of: UInt8.self) { (target) throws(RuntimeError) in
      target[0] = UInt8(saturating: zeroPoint)
    }
    return [quantized, scaleTensor, zeroTensor]
  }
}
