import MomosKernels
import MomosModel
import Testing

@testable import MomosFit

/// Sums of two stages, trained and searched together.
struct AddedStageTests {
  private func fit(_ fitClass: FitClass, _ weights: Tensor) throws -> FittedTensor {
    let options = FitOptions()
    let planned = fitClass.stages.map { form in
      PlannedDictionary(
        form: form, elementType: .float16, hasZeroMotif: true, motifs: .trained,
        weightCount: weights.elementCount)
    }
    let part = PartPlan(rows: nil, fitClass: fitClass, dictionaries: Array(planned.indices))
    let tensor = TensorPlan(
      name: "w", elementType: .float32, shape: weights.shape, use: .product,
      form: .mosaic(.lastAxisIsInput(rank: 2), parts: [part], rowScale: .float16, outlierCount: 0))
    let plan = FitPlan(options: options, dictionaries: planned, tensors: [tensor])
    var fitter = Fitter(plan: plan, pool: ThreadPool(threadCount: 2))
    try fitter.train(for: tensor) { _ in weights }
    return try #require(try fitter.fit(weights, as: tensor))
  }

  // Measured on the row-normalised weights of a real network, whose rows are close to normal: 10.23, 15.86 and 20.61 dB. Of
  // the others: the best scalar quantisers of as many bits, 6 and 8, reach 31.9 and 43.8 dB (Max 1960). The bound of rate-distortion theory is 6.02 dB a bit.
  @Test(arguments: [
    ("s8k256x2", 10.2), ("s8k256 + s4k256", 15.8), ("s4k256x2", 20.6),
    ("overlapping s2k256 + s4k256", 31.9), ("overlapping s2k256 + s2k256", 39),
  ])
  func stagesReachTheirRate(name: String, decibels: Double) throws {
    let fitClass = try #require(FitClass(parsing: name))
    let weights = try FitTestModel.normal(rows: 1024, columns: 512, seed: 41)
    let fitted = try fit(fitClass, weights)
    let found = fitted.metrics.signalToNoiseDecibels
    #expect(found > decibels && found < 6.03 * fitClass.indexBits, "\(found) dB")
    let dense = try Reconstruction(fitted.tensor).dense()
    let metrics = ErrorMetrics(reference: weights.floats(), measured: dense.floats())
    #expect(abs(metrics.relativeError - fitted.metrics.relativeError) < 1e-6)
  }
}
