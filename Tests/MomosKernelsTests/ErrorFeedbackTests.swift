import MomosKernels
import MomosModel
import Testing

struct ErrorFeedbackTests {
  /// U of numpy, in float64.
  @Test func factorIsThatOfNumpy() throws {
    let columns = 60
    let feedback = try ErrorFeedback(
      secondMoments: FitFixture.secondMoments(columns: columns), columns: columns,
      pool: ThreadPool(threadCount: 2))
    let expected = try FitFixture.floats("factor.npy")
    #expect(feedback.factor.count == expected.count)
    // Rounded to float32 on both sides; numpy takes the way over the inverse, which the condition of H (1e4) blurs.
    let largest = expected.map(abs).max()!
    for (found, exact) in zip(feedback.factor, expected) { #expect(abs(found - exact) <= 1e-6 * largest) }
    let efficiency = try FitFixture.floats("efficiency.npy", .float64)[0]
    #expect(abs(feedback.efficiency - Double(efficiency)) < 1e-6)
  }

  /// U H U' = 1, over several blocks of the factorisation.
  @Test(arguments: [1, 2, 127, 128, 129, 300])
  func factorInvertsTheDampedMoments(columns: Int) throws {
    let moments = FitFixture.secondMoments(columns: columns)
    let feedback = try ErrorFeedback(
      secondMoments: moments, columns: columns, damping: 0.05, pool: ThreadPool(threadCount: 2))
    var damped = moments
    let mean = (0..<columns).reduce(0.0) { $0 + moments[$1 * (columns + 1)] } / Double(columns)
    for column in 0..<columns { damped[column * (columns + 1)] += 0.05 * mean }
    let factor = feedback.factor.map(Double.init)
    var product = [Double](repeating: 0, count: columns * columns)
    for i in 0..<columns {
      for k in 0..<columns where factor[i * columns + k] != 0 {
        for j in 0..<columns { product[i * columns + j] += factor[i * columns + k] * damped[k * columns + j] }
      }
    }
    for i in 0..<columns {
      for j in 0..<columns {
        var sum = 0.0
        for k in 0..<columns { sum += product[i * columns + k] * factor[j * columns + k] }
        #expect(abs(sum - (i == j ? 1 : 0)) < 1e-5)
      }
      for j in 0..<i { #expect(factor[i * columns + j] == 0) }
    }
  }

  @Test func resultsDoNotDependOnTheThreadCount() throws {
    let moments = FitFixture.secondMoments(columns: 400)
    let factors = try (1...3).map { threads in
      try ErrorFeedback(secondMoments: moments, columns: 400, pool: ThreadPool(threadCount: threads)).factor
    }
    #expect(factors[1] == factors[0] && factors[2] == factors[0])
  }

  /// Without correlations there is nothing to make good: H = diag(d) gives U = diag(1 / sqrt(d)).
  @Test func uncorrelatedInputsGiveADiagonalFactor() throws {
    let feedback = try ErrorFeedback(
      secondMoments: [4, 0, 0, 16], columns: 2, damping: 0, pool: ThreadPool(threadCount: 1))
    #expect(feedback.factor == [0.5, 0, 0, 0.25])
    #expect(feedback.efficiency == 1)
  }

  @Test func momentsOfNoInputsGiveTheIdentity() throws {
    let feedback = try ErrorFeedback(
      secondMoments: [0, 0, 0, 0], columns: 2, pool: ThreadPool(threadCount: 1))
    #expect(feedback.factor == [1, 0, 0, 1])
  }

  @Test func indefiniteMomentsAreRefused() {
    #expect(throws: ErrorFeedbackError.notPositiveDefinite(column: 0)) {
      try ErrorFeedback(secondMoments: [1, 2, 2, 1], columns: 2, pool: ThreadPool(threadCount: 1))
    }
    #expect(throws: ErrorFeedbackError.notFinite) {
      try ErrorFeedback(secondMoments: [1, 0, 0, .nan], columns: 2, pool: ThreadPool(threadCount: 1))
    }
    #expect(throws: ErrorFeedbackError.notPositiveDefinite(column: 0)) {
      try ErrorFeedback(secondMoments: [1, .nan, .nan, 1], columns: 2, pool: ThreadPool(threadCount: 1))
    }
  }
}
