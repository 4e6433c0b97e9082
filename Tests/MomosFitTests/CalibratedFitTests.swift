import MomosKernels
import MomosModel
import Testing

@testable import MomosFit

/// Fits that know the inputs of their matrices.
struct CalibratedFitTests {
  private let columns = 96

  /// Moments of inputs whose neighbours are correlated: H[i, j] = 0.9^|i - j|, twice as large in every eighth column.
  private func moments() throws -> Calibration.InputMoments {
    var upper: [Double] = []
    for row in 0..<columns {
      for column in row..<columns {
        let size = (row % 8 == 0 ? 2.0 : 1) * (column % 8 == 0 ? 2.0 : 1)
        upper.append(size * (0..<column - row).reduce(1.0) { sum, _ in sum * 0.9 })
      }
    }
    return Calibration.InputMoments(sampleCount: 1, columns: columns, upperSums: try Bytes(copying: upper))
  }

  /// The sum over rows of e H e', the error that the outputs see.
  private func outputError(of fitted: FittedTensor, against source: Tensor) throws -> Double {
    let sums = try moments().sums
    let errors = zip(source.floats(), try Reconstruction(fitted.tensor).dense().floats()).map {
      Double($0 - $1)
    }
    var total = 0.0
    for row in 0..<source.shape[0] {
      for first in 0..<columns {
        var product = 0.0
        for second in 0..<columns {
          product += sums[first * columns + second] * errors[row * columns + second]
        }
        total += product * errors[row * columns + first]
      }
    }
    return total
  }

  private func fit(_ options: FitOptions, _ source: Tensor, isCalibrated: Bool) throws -> FittedTensor {
    var model = FitTestModel(tensors: [("w", source)], options: options)
    if isCalibrated {
      var calibration = Calibration()
      calibration.moments = [try moments()]
      calibration.momentsOfTensor = ["w": 0]
      model.calibration = calibration
    }
    return try #require(try model.fit()["w"] ?? nil)
  }

  @Test(arguments: [false, true])
  func feedbackAndRefinementBringOutputsCloser(isOverlapping: Bool) throws {
    let source = try FitTestModel.normal(rows: 512, columns: columns, seed: 31)
    var options = FitOptions()
    options.isOverlapping = isOverlapping
    let blind = try outputError(of: fit(options, source, isCalibrated: false), against: source)
    options.effort = .fast
    let fast = try outputError(of: fit(options, source, isCalibrated: true), against: source)
    options.effort = .normal
    let normal = try outputError(of: fit(options, source, isCalibrated: true), against: source)
    options.effort = .max
    let max = try outputError(of: fit(options, source, isCalibrated: true), against: source)
    #expect(fast < 0.6 * blind)
    #expect(normal < fast)
    #expect(max <= normal * 1.01)
  }

  @Test func threadsDoNotChangeARefinedFit() throws {
    let source = try FitTestModel.normal(rows: 200, columns: columns, seed: 32)
    var calibration = Calibration()
    calibration.moments = [try moments()]
    calibration.momentsOfTensor = ["w": 0]
    var model = FitTestModel(tensors: [("w", source)])
    model.calibration = calibration
    let one = try #require(try model.fit(threadCount: 1)["w"] ?? nil)
    let other = try #require(try model.fit(threadCount: 3)["w"] ?? nil)
    #expect(one.tensor == other.tensor)
  }
}
