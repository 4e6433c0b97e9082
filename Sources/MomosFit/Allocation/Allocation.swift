public import MomosModel

/// Something that gets one form: a tensor, or a group of rows of one.
public struct AllocationItem: Sendable {
  public struct Choice: Sendable, Hashable {
    public let form: AllocatedForm
    /// Indices, row scales and whatever else belongs to the item alone.
    public let byteCount: Int
    public let predictedLoss: Double

    public init(form: AllocatedForm, byteCount: Int, predictedLoss: Double) {
      self.form = form
      self.byteCount = byteCount
      self.predictedLoss = predictedLoss
    }
  }

  public let weightCount: Int
  /// Items of one use share the dictionary of a class.
  public let use: WeightUse
  /// The losses are finite.
  public let choices: [Choice]

  public init(weightCount: Int, use: WeightUse = .product, choices: [Choice]) {
    self.weightCount = weightCount
    self.use = use
    self.choices = choices
  }

  /// An item whose loss is in proportion to the distortion of its form.
  /// - Parameters:
  ///   - extraByteCount: what motifs need beside indices, such as row scales; a dense form does not.
  ///   - lossWeight: the loss for a distortion of 1.
  public init(
    weightCount: Int, extraByteCount: Int, lossWeight: Double, entries: [ClassTable.Entry]
  ) {
    self.init(
      weightCount: weightCount,
      choices: entries.map { entry in
        let bytes = Int((Double(weightCount) * entry.bits / 8).rounded(.up))
        return Choice(
          form: entry.form, byteCount: bytes + (entry.form == .dense ? 0 : extraByteCount),
          predictedLoss: lossWeight * entry.distortion)
      })
  }
}

/// One choice for every item.
public struct Allocation: Sendable, Hashable {
  /// Positions among the choices of each item.
  public internal(set) var choices: [Int]
  /// Of the items and of the dictionaries that they use, each once.
  public internal(set) var byteCount: Int
  /// Sum over the items.
  public internal(set) var predictedLoss: Double

  /// 8 * bytes / weights.
  public func bits(of items: [AllocationItem]) -> Double {
    8 * Double(byteCount) / Double(max(items.reduce(0) { $0 + $1.weightCount }, 1))
  }
}
