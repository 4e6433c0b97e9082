import CMomosKernels

/// Floating-point types of two bytes.
public enum NarrowFormat: Sendable, Hashable, CaseIterable {
  case float16, bfloat16
}

/// x / scale rounded to nearest, ties to even, plus the zero point, as the nearest value of an integer type; zero for
/// NaN.
public struct LinearQuantization: Sendable, Hashable {
  public let scale: Float
  public let zeroPoint: Float

  public init(scale: Float, zeroPoint: Float) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }
}

/// Integers that a float32 tensor is quantized to.
public enum QuantizedFormat: Sendable, Hashable, CaseIterable {
  case int8, uint8, int16, uint16

  /// The least and the greatest number.
  public var limits: ClosedRange<Float> {
    switch self {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .uint16: 0...65535
    }
  }
}

extension VectorKernels {
  /// Elements rounded to nearest, ties to even, as bits of the format; as many outputs as inputs.
  public static func narrow(
    _ input: Span<Float>, to format: NarrowFormat, into output: inout MutableSpan<UInt16>,
    pool: ThreadPool? = nil
  ) {
    unsafe convert(input, into: &output, pool) { from, count, to in
      switch format {
      case .float16: unsafe kernels.narrow_to_f16(from, count, to)
      case .bfloat16: unsafe kernels.narrow_to_bf16(from, count, to)
      }
    }
  }

  /// Elements of a format, exactly; as many outputs as inputs.
  public static func widen(
    _ input: Span<UInt16>, from format: NarrowFormat, into output: inout MutableSpan<Float>,
    pool: ThreadPool? = nil
  ) {
    unsafe convert(input, into: &output, pool) { from, count, to in
      switch format {
      case .float16: unsafe kernels.widen_f16(from, count, to)
      case .bfloat16: unsafe kernels.widen_bf16(from, count, to)
      }
    }
  }

  /// The bits of integers of eight bits; as many outputs as inputs.
  public static func quantize(
    _ input: Span<Float>, _ quantization: LinearQuantization, to format: QuantizedFormat,
    into output: inout MutableSpan<UInt8>, pool: ThreadPool? = nil
  ) {
    precondition(format == .int8 || format == .uint8)
    let kernel = kernelQuantization(quantization, format)
    unsafe convert(input, into: &output, pool) { from, count, to in
      var kernel = kernel
      unsafe kernels.quantize_to_8(&kernel, from, count, to)
    }
  }

  /// The bits of integers of sixteen bits; as many outputs as inputs.
  public static func quantize(
    _ input: Span<Float>, _ quantization: LinearQuantization, to format: QuantizedFormat,
    into output: inout MutableSpan<UInt16>, pool: ThreadPool? = nil
  ) {
    precondition(format == .int16 || format == .uint16)
    let kernel = kernelQuantization(quantization, format)
    unsafe convert(input, into: &output, pool) { from, count, to in
      var kernel = kernel
      unsafe kernels.quantize_to_16(&kernel, from, count, to)
    }
  }

  /// The smallest and the largest element, both NaN if there is a NaN; infinity and -infinity of none.
  public static func extremes(of values: Span<Float>) -> (smallest: Float, largest: Float) {
    var (smallest, largest) = (Float.infinity, -Float.infinity)
    unsafe values.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe kernels.find_extremes(start, buffer.count, &smallest, &largest)
    }
    return (smallest, largest)
  }

  private static func kernelQuantization(
    _ quantization: LinearQuantization, _ format: QuantizedFormat
  ) -> momos_quantization {
    momos_quantization(
      scale: quantization.scale, zero_point: quantization.zeroPoint, lower: format.limits.lowerBound,
      upper: format.limits.upperBound)
  }

  private static func convert<Source: BitwiseCopyable, Target: BitwiseCopyable>(
    _ input: Span<Source>, into output: inout MutableSpan<Target>, _ pool: ThreadPool?,
    _ body: @Sendable (UnsafePointer<Source>, Int, UnsafeMutablePointer<Target>) -> Void
  ) {
    precondition(input.count == output.count)
    unsafe input.withUnsafeBufferPointer { inputBuffer in
      unsafe output.withUnsafeMutableBufferPointer { outputBuffer in
        guard let input = inputBuffer.baseAddress, let output = outputBuffer.baseAddress else { return }
        let memory = unsafe ConversionMemory(input: input, output: output)
        runChunks(of: inputBuffer.count, chunk, pool) { range in
          unsafe body(memory.input + range.lowerBound, range.count, memory.output + range.lowerBound)
        }
      }
    }
  }
}

/// Memory shared by the tasks of one call; each writes elements of its own.
@unsafe
private struct ConversionMemory<Source, Target>: @unchecked Sendable {
  let input: UnsafePointer<Source>
  let output: UnsafeMutablePointer<Target>
}
