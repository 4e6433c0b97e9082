import CMomosKernels
import MomosKernels
import MomosModel
import Testing

struct DenseMultiplierTests {
  private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  /// |found - exact| / |exact|, exact in float64.
  private func relativeError(
    _ output: [Float], weights: [Float], input: [Float], rows: Int, columns: Int, batch: Int
  ) -> Double {
    var error = 0.0
    var norm = 0.0
    for sample in 0..<batch {
      for row in 0..<rows {
        var exact = 0.0
        for column in 0..<columns {
          exact += Double(weights[row * columns + column]) * Double(input[sample * columns + column])
        }
        let difference = Double(output[sample * rows + row]) - exact
        error += difference * difference
        norm += exact * exact
      }
    }
    return norm == 0 ? error : (error / norm).squareRoot()
  }

  @Test(
    arguments: [ElementType.float32, .float16, .bfloat16, .float64],
    [(1, 1, 1), (7, 33, 1), (65, 17, 3), (130, 300, 4), (31, 1030, 5), (96, 64, 50)])
  func productsAgreeWithFloat64(type: ElementType, size: (rows: Int, columns: Int, batch: Int)) throws {
    let (rows, columns, batch) = size
    let matrix = try Tensor(
      rounding: normals(rows * columns, seed: 1), to: type, shape: Shape(rows: rows, columns: columns))
    let input = normals(batch * columns, seed: 2)
    let multiplier = try DenseMultiplier(matrix)
    var outputs: [[Float]] = []
    for threads in [1, 2, 3] {
      var output = [Float](repeating: .nan, count: batch * rows)
      var span = output.mutableSpan
      try multiplier.multiply(
        input.span, batch: batch, into: &span, pool: ThreadPool(threadCount: threads))
      outputs.append(output)
    }
    #expect(outputs[1] == outputs[0] && outputs[2] == outputs[0])
    // float64 weights here come from float32 ones, so float32 holds them exactly.
    let error = relativeError(
      outputs[0], weights: matrix.floats(), input: input, rows: rows, columns: columns, batch: batch)
    #expect(error < 2e-6)
  }

  /// Only bfloat16 weights, which pairs hold without rounding, may be multiplied in pairs.
  @Test(arguments: [ElementType.float32, .float16, .bfloat16], [15, 16, 40])
  func fastBatchesOfBfloat16StayWithinTheBoundOfPairs(type: ElementType, batch: Int) throws {
    let (rows, columns) = (70, 1030)
    let matrix = try Tensor(
      rounding: normals(rows * columns, seed: 1), to: type, shape: Shape(rows: rows, columns: columns))
    let input = normals(batch * columns, seed: 2)
    var output = [Float](repeating: .nan, count: batch * rows)
    var span = output.mutableSpan
    try DenseMultiplier(matrix).multiply(
      input.span, batch: batch, precision: .fast, into: &span, pool: ThreadPool(threadCount: 2))
    let error = relativeError(
      output, weights: matrix.floats(), input: input, rows: rows, columns: columns, batch: batch)
    let isPaired = type == .bfloat16 && batch >= 16 && InstructionSet.multipliesPairs
    #expect(error < (isPaired ? 3e-3 : 2e-6))
    if isPaired { #expect(error > 2e-6) }
  }

  @Test func matrixWithoutColumnsGivesZero() throws {
    let multiplier = try DenseMultiplier(Tensor([] as [Float], shape: Shape([3, 0])))
    var output = [Float](repeating: .nan, count: 6)
    var span = output.mutableSpan
    let none: [Float] = []
    try multiplier.multiply(none.span, batch: 2, into: &span, pool: ThreadPool(threadCount: 1))
    #expect(output == [Float](repeating: 0, count: 6))
  }

  static let sets: [String] = ["scalar", "avx2", "avx512", "avx512bf16"].filter { (name: String) -> Bool in
    unsafe momos_gemm_named(name) != nil
  }

  /// Every set of this machine, at sizes around its vectors, from addresses that no vector is aligned to.
  @Test(arguments: sets, [1, 15, 16, 17, 100])
  func everyInstructionSetStaysWithinTheBound(set: String, columns: Int) throws {
    let kernels = try unsafe #require(unsafe momos_gemm_named(set)).pointee
    let rows = 9
    for batch in [1, 3, 4, 17] {
      let weights = [0] + normals(rows * columns, seed: 3)
      let input = [0] + normals(batch * columns, seed: 4)
      let output = unsafe product(kernels, weights, input, rows: rows, columns: columns, batch: batch)
      let error = relativeError(
        output, weights: Array(weights.dropFirst()), input: Array(input.dropFirst()), rows: rows,
        columns: columns, batch: batch)
      #expect(error < 2e-6)
    }
  }

  /// The product of weights and inputs that begin one float into their memory.
  private func product(
    _ kernels: momos_gemm_table, _ weights: [Float], _ input: [Float], rows: Int, columns: Int, batch: Int
  ) -> [Float] {
    var output = [Float](repeating: 0, count: batch * rows)
    unsafe withUnsafePointers(weights, input, &output) { weights, input, output in
      var weight = unsafe momos_dense_weight(
        weights: weights + 1, type: MOMOS_WEIGHT_F32, columns: columns, row_stride: columns)
      var operands = unsafe momos_batch(
        x: input + 1, x_stride: columns, y: output, y_stride: rows, batch: batch, accumulate: 0,
        y_numbers: nil)
      let byteCount = unsafe momos_dense_scratch_count(&weight, batch) * MemoryLayout<Float>.stride
      let scratch = UnsafeMutableRawPointer.allocate(byteCount: byteCount + 64, alignment: 64)
      unsafe kernels.multiply_dense(
        &weight, &operands, 0, rows, scratch.assumingMemoryBound(to: Float.self))
      unsafe scratch.deallocate()
    }
    return output
  }

  private func withUnsafePointers(
    _ first: [Float], _ second: [Float], _ third: inout [Float],
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    unsafe body(first, second, &third)
  }
}
