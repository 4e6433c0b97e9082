import CMomosKernels
import Glibc
import MomosKernels
import MomosModel
import Testing

/// Element-wise functions of every instruction set against the mathematics library in float64.
struct VectorKernelsTests {
  static let sets: [String] = ["scalar", "avx2", "avx512", "neon"].filter { (name: String) -> Bool in
    unsafe momos_vector_named(name) != nil
  }

  /// What the functions of momos_vector.h are in float64; tails by formulas that do not cancel.
  static let functions: [(kernel: momos_function, exact: @Sendable (Double) -> Double)] = [
    (MOMOS_EXP, { exp($0) }), (MOMOS_TANH, { tanh($0) }), (MOMOS_SIGMOID, sigmoid), (MOMOS_ERF, { erf($0) }),
    (MOMOS_GELU, { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }),
    (MOMOS_GELU_TANH, { $0 * sigmoid(2 * (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)) }),
    (MOMOS_SILU, { $0 * sigmoid($0) }), (MOMOS_RELU, { $0 < 0 ? 0 : $0 }),
    (MOMOS_SQRT, { $0.squareRoot() }), (MOMOS_RECIPROCAL, { 1 / $0 }), (MOMOS_IDENTITY, { $0 }),
  ]

  @Sendable private static func sigmoid(_ x: Double) -> Double {
    x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
  }

  /// Bit patterns all over float32, with everything special among them.
  private static let values: [Float] =
    [
      0, -0.0, .infinity, -.infinity, .nan, 0x1p-149, -0x1p-149, 0x1p-130, 1e-38, .greatestFiniteMagnitude,
      88.72284, -103.97,
    ]
    + stride(from: UInt32(7), to: UInt32.max - 1_000_003, by: 1_000_003).map { Float(bitPattern: $0) }
    + stride(from: Float(-20), to: 20, by: 0.013).map { $0 }

  private static func isWithinBound(_ found: Float, _ exact: Double) -> Bool {
    if exact.isNaN || found.isNaN { return exact.isNaN && found.isNaN }
    let rounded = Float(exact)
    if rounded.isInfinite || found.isInfinite {
      // On the last ulp before infinity both are right.
      return found == rounded || abs(Double(found) / exact - 1) < 4e-7 || abs(exact) < 3.4028237e38
    }
    return abs(Double(found) - exact) <= 4e-7 * abs(exact) + 3e-43
  }

  @Test(arguments: sets)
  func functionsAgreeWithFloat64(set: String) throws {
    let kernels = try unsafe #require(unsafe momos_vector_named(set)).pointee
    for function in Self.functions {
      var found = [Float](repeating: 7, count: Self.values.count)
      unsafe kernels.map(function.kernel, Self.values, Self.values.count, &found)
      let wrong = zip(Self.values, found).filter {
        !Self.isWithinBound($0.1, function.exact(Double($0.0)))
      }
      #expect(wrong.isEmpty, "function \(function.kernel.rawValue), \(wrong.count) as \(wrong.first!)")
    }
  }

  @Test(arguments: sets)
  func zerosKeepTheirSign(set: String) throws {
    let kernels = try unsafe #require(unsafe momos_vector_named(set)).pointee
    for function in [MOMOS_TANH, MOMOS_ERF, MOMOS_GELU, MOMOS_SILU, MOMOS_SQRT, MOMOS_IDENTITY] {
      var found: [Float] = [1, 1]
      unsafe kernels.map(function, [0, -0.0], 2, &found)
      #expect(found.map(\.sign) == [.plus, .minus] && found == [0, 0], "function \(function.rawValue)")
    }
  }

  /// Counts around the lanes of every set, from unaligned memory, writing nothing beyond.
  @Test(arguments: sets, [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33])
  func tailsAreWrittenAndNothingElse(set: String, count: Int) throws {
    let kernels = try unsafe #require(unsafe momos_vector_named(set)).pointee
    let input = (0...count).map { Float($0) / 4 }
    var found = [Float](repeating: 7, count: count + 2)
    unsafe input.withUnsafeBufferPointer { input in
      unsafe found.withUnsafeMutableBufferPointer { found in
        unsafe kernels.map(MOMOS_EXP, input.baseAddress! + 1, count, found.baseAddress! + 1)
      }
    }
    #expect(found.first == 7 && found.last == 7)
    for index in 0..<count { #expect(Self.isWithinBound(found[index + 1], exp(Double(input[index + 1])))) }
  }

  @Test(arguments: [1, 16, 37])
  func operationsTakeVectorsAndScalars(count: Int) {
    let left = (0..<count).map { Float($0) - 5 }
    let right = (0..<count).map { Float($0 * $0) / 3 + 1 }
    let operations: [(ElementOperation, (Float, Float) -> Float)] = [
      (.add, { $0 + $1 }), (.subtract, { $0 - $1 }), (.multiply, { $0 * $1 }), (.divide, { $0 / $1 }),
      (.maximum, { max($0, $1) }), (.minimum, { min($0, $1) }),
    ]
    for (operation, function) in operations {
      var found = [Float](repeating: .nan, count: count)
      var span = found.mutableSpan
      VectorKernels.combine(operation, left.span, right.span, into: &span)
      #expect(found == (0..<count).map { function(left[$0], right[$0]) })
      span = found.mutableSpan
      VectorKernels.combine(operation, left.span, [2.5].span, into: &span)
      #expect(found == left.map { function($0, 2.5) })
      span = found.mutableSpan
      VectorKernels.combine(operation, [2.5].span, right.span, into: &span)
      #expect(found == right.map { function(2.5, $0) })
      found = left
      span = found.mutableSpan
      VectorKernels.combine(operation, inPlace: &span, right.span)
      #expect(found == (0..<count).map { function(left[$0], right[$0]) })
    }
  }

  @Test func maximumAndMinimumKeepNaN() {
    for operation in [ElementOperation.maximum, .minimum] {
      var found: [Float] = [0, 0]
      var span = found.mutableSpan
      VectorKernels.combine(
        operation, ([.nan, 1] as [Float]).span, ([1, .nan] as [Float]).span, into: &span)
      #expect(found.allSatisfy { $0.isNaN })
    }
  }

  @Test func emptyVectorsAreAllowed() {
    var found: [Float] = []
    var span = found.mutableSpan
    let none: [Float] = []
    VectorKernels.map(.exp, none.span, into: &span)
    VectorKernels.combine(.add, none.span, [1].span, into: &span)
    VectorKernels.softmax(inPlace: &span, columns: 0)
    #expect(found.isEmpty)
  }

  private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  @Test(arguments: [1, 2, 15, 16, 17, 100, 1000])
  func softmaxAgreesWithFloat64(columns: Int) {
    let rows = 3
    let input = normals(rows * columns, seed: 1).map { 10 * $0 }
    var found = input
    var span = found.mutableSpan
    VectorKernels.softmax(inPlace: &span, columns: columns)
    for row in 0..<rows {
      let values = input[row * columns..<(row + 1) * columns].map { Double($0) }
      let maximum = values.max()!
      let powers = values.map { exp($0 - maximum) }
      let sum = powers.reduce(0, +)
      for column in 0..<columns {
        let bound = 1e-6 + abs(values[column] - maximum) * 0x1p-24
        #expect(abs(Double(found[row * columns + column]) / (powers[column] / sum) - 1) <= bound)
      }
    }
  }

  @Test func softmaxOfSpecialRows() {
    let infinity = Float.infinity
    var found: [Float] = [1000, -infinity, 1000, .nan, 0, 0, infinity, 0, 0, -infinity, -infinity, -infinity]
    var span = found.mutableSpan
    VectorKernels.softmax(inPlace: &span, columns: 3)
    #expect(found[..<3] == [0.5, 0, 0.5])
    #expect(found[3...].allSatisfy { $0.isNaN })
  }

  @Test(arguments: [1, 3, 16, 17, 384, 1000], [true, false])
  func normalizationAgreesWithFloat64(columns: Int, subtractsMean: Bool) {
    let rows = 4
    // A large common offset must not cost the deviations their digits.
    let input = normals(rows * columns, seed: 2).map { subtractsMean ? 100 + $0 : $0 }
    let scale = normals(columns, seed: 3)
    let bias = normals(columns, seed: 4)
    var found = [Float](repeating: .nan, count: rows * columns)
    var span = found.mutableSpan
    VectorKernels.normalize(
      RowNormalization(epsilon: 1e-5, subtractsMean: subtractsMean), input.span, columns: columns,
      scale: scale.span, bias: bias.span, into: &span)
    for row in 0..<rows {
      let values = input[row * columns..<(row + 1) * columns].map { Double($0) }
      let mean = subtractsMean ? values.reduce(0, +) / Double(columns) : 0
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
      let deviation = (variance + Double(Float(1e-5))).squareRoot()
      let largest = values.map { abs($0 - mean) / deviation }.max()!
      for column in 0..<columns {
        let factor = Double(scale[column])
        let exact = (values[column] - mean) / deviation * factor + Double(bias[column])
        let bound = 1e-6 * largest * abs(factor) + 2e-7 * (abs(exact) + abs(Double(bias[column])))
        #expect(abs(Double(found[row * columns + column]) - exact) <= bound)
      }
    }
  }

  /// Hand values: x * 2 + 1 and x - 10, then relu.
  @Test func scaleAndBiasComeBeforeTheFunction() {
    let input: [Float] = [1, -2, 3, 20]
    var found = input
    var span = found.mutableSpan
    VectorKernels.affineColumns(
      .relu, inPlace: &span, columns: 2, scale: ([2, 1] as [Float]).span, bias: ([1, -10] as [Float]).span)
    #expect(found == [3, 0, 7, 10])
    found = [-0.0, 5]
    span = found.mutableSpan
    VectorKernels.affineColumns(.identity, inPlace: &span, columns: 2)
    #expect(found == [0, 5] && found[0].sign == .minus)
  }

  @Test func resultsDoNotDependOnThePool() {
    let input = normals(200_011, seed: 5)
    let pools: [ThreadPool?] = [nil, ThreadPool(threadCount: 2), ThreadPool(threadCount: 3)]
    var results: [[Float]] = []
    for pool in pools {
      var found = [Float](repeating: .nan, count: input.count)
      var span = found.mutableSpan
      VectorKernels.map(.gelu, input.span, into: &span, pool: pool)
      VectorKernels.softmax(inPlace: &span, columns: 7, pool: pool)
      results.append(found)
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }
}
