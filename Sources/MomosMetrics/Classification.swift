public import MomosModel

/// What a classifier's outputs `[samples, classes]` say about the class of each sample.
public struct Classification: Sendable {
  /// The class with the largest output of each sample; ties go to the lowest class, NaN never wins.
  public let predictions: [Int]

  /// - Parameter outputs: of rank 2 with at least one class, or nil is returned.
  public init?(outputs: Tensor) {
    guard outputs.shape.rank == 2, outputs.shape[1] > 0 else { return nil }
    let values = outputs.floats()
    let classCount = outputs.shape[1]
    predictions = (0..<outputs.shape[0]).map { sample in
      var best = 0
      for candidate in 1..<max(classCount, 1)
      where values[sample * classCount + candidate] > values[sample * classCount + best]
        || values[sample * classCount + best].isNaN
      {
        best = candidate
      }
      return best
    }
  }

  /// Share of samples whose prediction is the label; nil without samples or for another count of labels.
  public func accuracy(labels: [Int]) -> Double? {
    agreement(labels)
  }

  /// Share of samples that both predict alike; nil without samples or for another count of samples.
  public func agreement(with other: Classification) -> Double? {
    agreement(other.predictions)
  }

  private func agreement(_ other: [Int]) -> Double? {
    guard !predictions.isEmpty, predictions.count == other.count else { return nil }
    return Double(zip(predictions, other).count { $0 == $1 }) / Double(predictions.count)
  }
}
