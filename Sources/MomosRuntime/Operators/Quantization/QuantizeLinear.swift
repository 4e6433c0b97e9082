import MomosKernels
import MomosModel

/// x / scale rounded to nearest, ties to even, plus the zero point, as the nearest value of an integer type.
///
/// The division is rounded to the type of the scale, or to that which `precision` names.
struct QuantizeLinear: Operator {
  private let attributes: QuantizationAttributes
  private let precision: ElementType?

  private static let precisions: [ElementType] = [.float32, .float16, .bfloat16]

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try QuantizationAttributes(&context, outputTypeSince: 21)
    precision = context.version >= 23 ? try context.elementType("precision") : nil
    // For outputs of eight bits with a fraction, which this runtime does not have.
    if context.version >= 19 { _ = try context.attributes.flag("saturate", default: true) }
    if let precision, !Self.precisions.contains(precision) {
      throw .attributeValue(
        context.label, attribute: "precision", expected: "f32, f16 or bf16", found: precision.name)
    }
    if let type = attributes.outputType, !ElementType.quantized.contains(type) {
      throw .attributeValue(
        context.label, attribute: "output_dtype", expected: "u8, i8, u16 or i16", found: type.name)
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.precisions + [.int32])
    try inputs.require(1, in: Self.precisions + [.int32])
    try inputs.require(2, in: attributes.outputType.map { [$0] } ?? ElementType.quantized)
    _ = try attributes.grid(inputs)
    let elementType = inputs.optional(2)?.elementType ?? attributes.outputType ?? .uint8
    return [ValueType(elementType, inputs[0].shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let scaleType = call[1].elementType
    let quantization = Quantization(
      call: call, grid: try attributes.grid(InputTypes(call)),
      precision: precision ?? (scaleType == .int32 ? .float32 : scaleType))
    return [try quantization.quantized()]
  }
}

extension ElementType {
  /// The types that quantized activations and weights have.
  static let quantized: [ElementType] = [.uint8, .int8, .uint16, .int16]
}

private struct Quantization {
  let call: OperatorCall
  let grid: QuantizationGrid
  let precision: ElementType

  func quantized() throws(RuntimeError) -> Tensor {
    let input = try call.cast(try call.cast(call[0], to: precision), to: .float32)
    let scale = try call.cast(try call.cast(call[1], to: precision), to: .float32)
    guard precision != .float32 else { return try quantized(input, scale) }
    // The quotients are rounded on their own, and then divided by one.
    return try quantized(try quotients(input, scale), try constants(1, like: scale))
  }

  /// The elements divided by their scales, rounded to the precision.
  private func quotients(_ input: Tensor, _ scale: Tensor) throws(RuntimeError) -> Tensor {
    let elements = input.bytes.span(of: Float.self)
    let scales = scale.bytes.span(of: Float.self)
    var memory = try call.memory(input.type)
    var target = memory.elements(of: Float.self)
    grid.forEachRun { run, scale, step in
      for (offset, index) in run.enumerated() {
        target[index] = elements[index] / scales[scale + offset * step]
      }
    }
    return try call.cast(try call.cast(memory.tensor(), to: precision), to: .float32)
  }

  /// - Parameter scale: in float32.
  private func quantized(_ input: Tensor, _ scale: Tensor) throws(RuntimeError) -> Tensor {
    // float32 holds zero points exactly.
    let zeroPoint =
      if let given = call.optional(2) {
        try call.cast(given, to: .float32)
      } else {
        try constants(0, like: scale)
      }
    var memory = try call.memory(call.outputTypes[0])
    guard let format = QuantizedFormat(memory.type.elementType) else {
      preconditionFailure("refused by inference")
    }
    if memory.type.elementType.byteCount == 1 {
      var target = memory.elements(of: UInt8.self)
      write(input, scale, zeroPoint, format, to: &target)
    } else {
      var target = memory.elements(of: UInt16.self)
      write(input, scale, zeroPoint, format, to: &target)
    }
    return memory.tensor()
  }

  /// By the vector kernels where neighbours have one scale.
  private func write<Pattern: QuantizedPattern>(
    _ input: Tensor, _ scale: Tensor, _ zeroPoint: Tensor, _ format: QuantizedFormat,
    to target: inout MutableSpan<Pattern>
  ) {
    let elements = input.bytes.span(of: Float.self)
    let scales = scale.bytes.span(of: Float.self)
    let zeros = zeroPoint.bytes.span(of: Float.self)
    let limits = format.limits
    let (lower, upper) = (Int32(limits.lowerBound), Int32(limits.upperBound))
    grid.forEachRun { run, scale, step in
      guard step > 0 else {
        let quantization = LinearQuantization(scale: scales[scale], zeroPoint: zeros[scale])
        var results = target.part(run)
        Pattern.quantize(elements.extracting(run), quantization, to: format, into: &results, pool: call.pool)
        return
      }
      let (values, parameters) = (elements.extracting(run), scale..<(scale + run.count))
      let (scales, zeros) = (scales.extracting(parameters), zeros.extracting(parameters))
      var results = target.part(run)
      for index in values.indices {
        let quotient = values[index] / scales[index]
        let sum = integer(quotient) &+ integer(zeros[index])
        let limited = sum < lower ? lower : sum > upper ? upper : sum
        results[index] = quotient.isNaN ? 0 : Pattern(truncatingIfNeeded: limited)
      }
    }
  }

  /// The nearest integer, of two the even one; 2^22 or -2^22 for what lies beyond, where all types have their limits.
  @inline(__always)
  private func integer(_ number: Float) -> Int32 {
    let raised: Float = number < -0x1p22 ? -0x1p22 : number
    let limited: Float = raised > 0x1p22 ? 0x1p22 : raised
    // A float32 of this size has no fraction, and the last bits of it count.
    let wholeNumber: Float = 0x1.8p23
    return Int32(bitPattern: (limited + wholeNumber).bitPattern) &- Int32(bitPattern: wholeNumber.bitPattern)
  }

  private func constants(_ value: Float, like scale: Tensor) throws(RuntimeError) -> Tensor {
    var memory = try call.withoutOutputMemory.memory(scale.type)
    var target = memory.elements(of: Float.self)
    target.update(repeating: value)
    return memory.tensor()
  }
}

/// The bits of quantized elements.
private protocol QuantizedPattern: FixedWidthInteger, BitwiseCopyable {
  /// As `VectorKernels.quantize`.
  static func quantize(
    _ input: Span<Float>, _ quantization: LinearQuantization, to format: QuantizedFormat,
    into output: inout MutableSpan<Self>, pool: ThreadPool?)
}

extension UInt8: QuantizedPattern {
  fileprivate static func quantize(
    _ input: Span<Float>, _ quantization: LinearQuantization, to format: QuantizedFormat,
    into output: inout MutableSpan<UInt8>, pool: ThreadPool?
  ) {
    VectorKernels.quantize(input, quantization, to: format, into: &output, pool: pool)
  }
}

extension UInt16: QuantizedPattern {
  fileprivate static func quantize(
    _ input: Span<Float>, _ quantization: LinearQuantization, to format: QuantizedFormat,
    into output: inout MutableSpan<UInt16>, pool: ThreadPool?
  ) {
    VectorKernels.quantize(input, quantization, to: format, into: &output, pool: pool)
  }
}

extension QuantizedFormat {
  /// nil for types that nothing is quantized to.
  init?(_ elementType: ElementType) {
    switch elementType {
    case .int8: self = .int8
    case .uint8: self = .uint8
    case .int16: self = .int16
    case .uint16: self = .uint16
    default: return nil
    }
  }
}
