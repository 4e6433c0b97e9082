import MomosKernels
import MomosModel
import Testing

/// Conversions against those of the standard library, and by hand.
struct VectorConversionTests {
  /// Every float16 and its neighbours, halves of the distance between them included.
  private static let values: [Float] =
    (0...UInt16.max).flatMap { bits -> [Float] in
      let value = Float(Float16(bitPattern: bits))
      return [value, value.nextUp, value + (value.nextUp - value) * 4096, value * 1.00048828125]
    } + [0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 65520, 65519.996]

  @Test func float16IsRoundedAsTheStandardLibraryDoes() {
    let values = Self.values
    var found = [UInt16](repeating: 0, count: values.count)
    var span = found.mutableSpan
    VectorKernels.narrow(values.span, to: .float16, into: &span, pool: ThreadPool(threadCount: 2))
    for (value, bits) in zip(values, found) {
      let result = Float16(bitPattern: bits)
      #expect(value.isNaN ? result.isNaN : result.bitPattern == Float16(value).bitPattern)
    }
  }

  @Test func float16IsWidenedExactly() {
    let bits = Array(0...UInt16.max)
    var found = [Float](repeating: 0, count: bits.count)
    var span = found.mutableSpan
    VectorKernels.widen(bits.span, from: .float16, into: &span)
    for (value, bits) in zip(found, bits) {
      let exact = Float16(bitPattern: bits)
      #expect(exact.isNaN ? value.isNaN : value.bitPattern == Float(exact).bitPattern)
    }
  }

  /// By hand: the upper half of the bits, rounded to nearest, ties to even.
  @Test func bfloat16IsRoundedToNearestEven() {
    let cases: [(UInt32, UInt16)] = [
      (0x3F80_0000, 0x3F80), (0x3F80_8000, 0x3F80), (0x3F80_8001, 0x3F81), (0x3F81_8000, 0x3F82),
      (0xBF80_7FFF, 0xBF80), (0x7F7F_FFFF, 0x7F80), (0x7F80_0000, 0x7F80), (0x7F80_0001, 0x7FC0),
      (0xFFC0_0001, 0xFFC0), (0x0000_8000, 0x0000), (0x0000_8001, 0x0001), (0x8000_0000, 0x8000),
    ]
    // Behind a whole vector of lanes too.
    for repetition in [1, 3] {
      let inputs = (0..<repetition).flatMap { _ in cases.map { Float(bitPattern: $0.0) } }
      var found = [UInt16](repeating: 7, count: inputs.count)
      var span = found.mutableSpan
      VectorKernels.narrow(inputs.span, to: .bfloat16, into: &span)
      #expect(found == (0..<repetition).flatMap { _ in cases.map(\.1) })
      var wide = [Float](repeating: 0, count: inputs.count)
      var wideSpan = wide.mutableSpan
      VectorKernels.widen(found.span, from: .bfloat16, into: &wideSpan)
      #expect(wide.map(\.bitPattern) == found.map { UInt32($0) << 16 })
    }
  }

  /// By hand: 2.5 and 3.5 are ties.
  @Test func quantizedNumbersAreRoundedAndKeptInside() {
    let inputs: [Float] = [0, 5, 7, -5, 1000, -1000, .nan, .infinity, -.infinity, 1]
    let quantization = LinearQuantization(scale: 2, zeroPoint: 10)
    func bytes(_ format: QuantizedFormat) -> [UInt8] {
      var found = [UInt8](repeating: 99, count: inputs.count)
      var span = found.mutableSpan
      VectorKernels.quantize(inputs.span, quantization, to: format, into: &span)
      return found
    }
    #expect(bytes(.uint8) == [10, 12, 14, 8, 255, 0, 0, 255, 0, 10])
    #expect(bytes(.int8).map { Int8(bitPattern: $0) } == [10, 12, 14, 8, 127, -128, 0, 127, -128, 10])
    func words(_ format: QuantizedFormat) -> [UInt16] {
      var found = [UInt16](repeating: 99, count: inputs.count)
      var span = found.mutableSpan
      VectorKernels.quantize(inputs.span, quantization, to: format, into: &span)
      return found
    }
    #expect(words(.int16).map { Int16(bitPattern: $0) } == [10, 12, 14, 8, 510, -490, 0, 32767, -32768, 10])
    #expect(words(.uint16) == [10, 12, 14, 8, 510, 0, 0, 65535, 0, 10])
  }

  @Test(arguments: [1, 2, 15, 16, 17, 40])
  func extremesAreFoundAtEveryPlace(_ count: Int) {
    for place in 0..<count {
      var values = [Float](repeating: 1, count: count)
      values[place] = -3
      #expect(VectorKernels.extremes(of: values.span).smallest == -3)
      values[place] = 5
      #expect(VectorKernels.extremes(of: values.span).largest == 5)
      values[place] = .nan
      let extremes = VectorKernels.extremes(of: values.span)
      #expect(extremes.smallest.isNaN && extremes.largest.isNaN)
    }
    let nothing: [Float] = []
    let none = VectorKernels.extremes(of: nothing.span)
    #expect(none.smallest == .infinity && none.largest == -.infinity)
  }
}
