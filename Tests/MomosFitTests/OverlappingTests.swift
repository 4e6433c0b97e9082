import MomosKernels
import MomosModel
import Testing

@testable import MomosFit

struct OverlappingTests {
  private func fitted(blockLength: Int, motifCount: Int, isOverlapping: Bool) throws -> FittedTensor {
    var options = FitOptions()
    options.blockLength = blockLength
    options.motifs = .count(motifCount)
    options.isOverlapping = isOverlapping
    let weights = try FitTestModel.normal(rows: 1024, columns: 768, seed: 21)
    return try #require(try FitTestModel(tensors: [("w", weights)], options: options).fit()["w"] ?? nil)
  }

  // Measured on the row-normalised weights of a real network, whose rows are close to normal: 7.83, 10.93, 16.31 and
  // 22.36 dB. The bound of rate-distortion theory is 6.02 dB a bit.
  @Test(arguments: [(4, 64, 7.6), (4, 256, 10.6), (2, 64, 16.0), (2, 256, 22.0)])
  func overlappingMotifsReachTheirRate(blockLength: Int, motifCount: Int, decibels: Double) throws {
    let tensor = try fitted(blockLength: blockLength, motifCount: motifCount, isOverlapping: true)
    let found = tensor.metrics.signalToNoiseDecibels
    let stage = tensor.tensor.parts[0].stages[0]
    #expect(stage.dictionary.isOverlapping && stage.dictionary.isAntipodal)
    let bits = Double(stage.dictionary.indexWidth) / Double(blockLength)
    #expect(found > decibels && found < 6.03 * bits)
  }

  @Test func recordedErrorIsThatOfTheReconstruction() throws {
    let source = try FitTestModel.normal(rows: 130, columns: 67, seed: 22)
    var options = FitOptions()
    options.isOverlapping = true
    let fitted = try #require(try FitTestModel(tensors: [("w", source)], options: options).fit()["w"] ?? nil)
    let dense = try Reconstruction(fitted.tensor).dense()
    let metrics = ErrorMetrics(reference: source.floats(), measured: dense.floats())
    #expect(abs(metrics.relativeError - fitted.metrics.relativeError) < 1e-6)
  }
}
