import MomosModel
import Testing

struct ErrorMetricsTests {
  // By hand: errors 1, 0, -2; |reference|^2 = 9 + 16 + 4 = 29, |measured|^2 = 16 + 16 + 0, product 12 + 16.
  @Test func metricsOfASmallCase() {
    let metrics = ErrorMetrics(reference: [3, 4, 2], measured: [4, 4, 0])
    #expect(metrics.maximumAbsoluteError == 2)
    #expect(metrics.meanAbsoluteError == 1)
    #expect(abs(metrics.relativeError - 0.415227399) < 1e-8)  // sqrt(5 / 29)
    #expect(abs(metrics.signalToNoiseDecibels - 7.634279936) < 1e-8)  // 10 log10(29 / 5)
    #expect(abs(metrics.cosine - 0.919145030) < 1e-8)  // 28 / sqrt(29 * 32)
  }

  @Test func chunksAddUp() {
    var whole = ErrorMetrics(reference: [1, 2], measured: [1, 3])
    whole.add(ErrorMetrics(reference: [5], measured: [2]))
    #expect(whole == ErrorMetrics(reference: [1, 2, 5], measured: [1, 3, 2]))
  }

  @Test func equalTensorsHaveNoError() {
    let metrics = ErrorMetrics(reference: [0, 0], measured: [0, 0])
    #expect(metrics.relativeError == 0)
    #expect(metrics.cosine == 1)
    #expect(metrics.signalToNoiseDecibels == .infinity)
  }

  @Test(arguments: [
    ([1, .nan] as [Float], [1, 1] as [Float]), ([1, 1], [.nan, 1]), ([1, .infinity], [1, .infinity]),
  ])
  func nonfiniteValuesNeverPassAsSmallErrors(reference: [Float], measured: [Float]) {
    let metrics = ErrorMetrics(reference: reference, measured: measured)
    #expect(!(metrics.relativeError <= 1e9))
    #expect(!(metrics.maximumAbsoluteError <= 1e9))
    #expect(!(metrics.cosine >= 0))
  }
}
