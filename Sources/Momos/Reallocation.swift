import MomosFit
import MomosKernels
import MomosModel

/// Corrects the losses of a calibration by those that a trial fit really has, so that bits can be allocated anew.
///
/// Losses of noise predict those of a fit for each tensor by itself; where errors of a fit are not like noise, or where
/// they are no longer small, the prediction is off, and the correction says by how much.
struct Reallocation {
  let plan: FitPlan
  let calibration: Calibration
  let loss: MeasuredLoss
  let pool: ThreadPool

  /// A correction is at most this factor or its inverse: one trial on few samples proves no more.
  private static let largestFactor = 8.0

  /// Fits every allocated tensor and measures what the outputs lose through it alone.
  ///
  /// - Parameter progress: called with the share of the tensors that are done, 0 to 1.
  /// - Returns: the calibration with losses that predict what was measured.
  func corrected(read: (String) throws -> Tensor, progress: Progress) throws -> Calibration {
    var fitter = Fitter(plan: plan, calibration: calibration, pool: pool)
    var corrected = calibration
    for (number, planned) in plan.tensors.enumerated() {
      try progress(Double(number) / Double(plan.tensors.count))
      let predicted = planned.parts.compactMap(\.predictedLoss).reduce(0, +)
      guard predicted > 0, let noise = calibration.losses[planned.name] else { continue }
      try fitter.train(for: planned, read: read)
      guard let fitted = try fitter.fit(read(planned.name), as: planned) else { continue }
      let measured = try loss.loss(replacing: [planned.name: .mosaic(fitted.tensor)])
      let factor = min(max(measured / predicted, 1 / Self.largestFactor), Self.largestFactor)
      corrected.losses[planned.name] = noise * factor
    }
    return corrected
  }
}
