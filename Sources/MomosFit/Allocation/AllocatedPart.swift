/// Rows of a tensor and the class chosen for them.
public struct AllocatedPart: Sendable, Hashable {
  /// Strictly ascending; nil means all rows.
  public let rows: [Int]?
  public let fitClass: FitClass
  /// What the outputs are expected to lose through this part; nil where nothing was measured.
  public let predictedLoss: Double?

  public init(rows: [Int]? = nil, fitClass: FitClass, predictedLoss: Double? = nil) {
    self.rows = rows
    self.fitClass = fitClass
    self.predictedLoss = predictedLoss
  }
}
