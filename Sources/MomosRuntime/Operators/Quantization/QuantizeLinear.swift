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
    return [try call.outputTypes[0].elementType.visit(quantization)]
  }
}

extension ElementType {
  /// The types that quantized activations and weights have.
  static let quantized: [ElementType] = [.uint8, .int8, .uint16, .int16]
}

private struct Quantization: NumberVisitor {
  let call: OperatorCall
  let grid: QuantizationGrid
  let precision: ElementType

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    preconditionFailure("refused by inference")
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    switch precision {
    case .float16: try quantized(number) { Float(Float16($0)) }
    case .bfloat16: try quantized(number) { Float(bfloat16Bits: $0.bfloat16Bits) }
    default: try number.bitWidth == 8 ? quantizedRuns(UInt8.self) : quantizedRuns(UInt16.self)
    }
  }

  /// In float32, by the vector kernels where neighbours have one scale.
  ///
  /// - Parameter pattern: as wide as an element.
  private func quantizedRuns<Pattern: QuantizedPattern>(_ pattern: Pattern.Type) throws(RuntimeError)
    -> Tensor
  {
    let type = call.outputTypes[0]
    guard let format = QuantizedFormat(type.elementType) else { preconditionFailure("refused by inference") }
    let input = try call.cast(call[0], to: .float32)
    let scale = try call.cast(call[1], to: .float32)
    let zeroPoint = try call.zeroPoints(2, like: scale)
    let elements = input.bytes.span(of: Float.self)
    let scales = scale.bytes.span(of: Float.self)
    let zeros = zeroPoint.bytes.span(of: Float.self)
    return try call.tensor(type, of: pattern, zeroed: false) { (target) throws(RuntimeError) in
      grid.forEachRun { run, scale, step in
        guard step == 0 else {
          for (offset, index) in run.enumerated() {
            let place = scale + offset
            let value = (elements[index] / scales[place]).rounded(.toNearestOrEven) + zeros[place]
            let limited = value.atLeast(format.limits.lowerBound).atMost(format.limits.upperBound)
            target[index] = Pattern(truncatingIfNeeded: Int32(saturating: limited))
          }
          return
        }
        var results = target.part(run)
        let quantization = LinearQuantization(scale: scales[scale], zeroPoint: zeros[scale])
        Pattern.quantize(elements.extracting(run), quantization, to: format, into: &results, pool: call.pool)
      }
    }
  }

  @inline(__always)
  private func quantized<Number: FixedWidthInteger & BitwiseCopyable>(
    _ number: Number.Type, _ round: (Float) -> Float
  ) throws(RuntimeError) -> Tensor {
    let input = try call.cast(try call.cast(call[0], to: precision), to: .float32)
    let scale = try call.cast(try call.cast(call[1], to: precision), to: .float32)
    let zeroPoint = try call.zeroPoints(2, like: scale)
    let elements = input.bytes.span(of: Float.self)
    let scales = scale.bytes.span(of: Float.self)
    let zeros = zeroPoint.bytes.span(of: Float.self)
    return try call.tensor(call.outputTypes[0], of: number, zeroed: false) { (target) throws(RuntimeError) in
      grid.forEachRun { run, scale, step in
        for (offset, index) in run.enumerated() {
          let place = scale + offset * step
          let quotient = round(elements[index] / scales[place])
          target[index] = Number(saturating: quotient.rounded(.toNearestOrEven) + zeros[place])
        }
      }
    }
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

extension OperatorCall {
  /// A zero point as float32, which holds it exactly; zeros if it is left out.
  fileprivate func zeroPoints(_ position: Int, like scale: Tensor) throws(RuntimeError) -> Tensor {
    if let zeroPoint = optional(position) { return try cast(zeroPoint, to: .float32) }
    return try tensor(scale.type, of: Float.self) { _ in }
  }
}
