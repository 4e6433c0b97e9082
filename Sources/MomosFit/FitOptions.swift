public import MomosModel

/// What the user decides about a fit. The defaults are what the converter does without options.
public struct FitOptions: Sendable, Hashable {
  /// Which tensors share a dictionary.
  public enum DictionaryScope: String, Sendable, CaseIterable {
    /// All tensors of the model: a dictionary costs its bytes once.
    case model
    /// Each tensor has its own: closer, and larger.
    case tensor
  }

  /// What decides the classes of tensors.
  public enum Goal: Sendable, Hashable {
    /// Block length, motifs and stages as they are here, for all tensors.
    case explicit
    /// The least loss within so many bits per fitted weight: indices, dictionaries, row scales and outliers.
    case bits(Double)
    /// The least loss in a file of at most so many bytes, before it is compressed.
    case fileByteCount(Int)
    /// The fewest bytes with which the outputs are expected to keep at least this mean cosine; needs losses that were
    /// measured on samples.
    case cosine(Double)
  }

  /// How much time a fit may take.
  public enum Effort: String, Sendable, CaseIterable {
    /// With calibration scales are refined, once.
    case fast
    /// With calibration dictionaries, scales and motifs are refined twice.
    case normal
    /// Three times, and classes are chosen anew by losses that were measured on samples.
    case max
  }

  /// How many motifs a dictionary has.
  public enum MotifBudget: Sendable, Hashable {
    /// k motifs.
    case count(Int)
    /// k = max(1, min(floor(capacity * blocks), blocks)) for the blocks that share the dictionary, as in
    /// arXiv 2602.14896; an error above 65,536.
    case capacity(Double)
  }

  public var goal = Goal.explicit
  /// False where nobody asked for the goal: tensors of so few weights that motifs of their own take more bits then stay
  /// dense, instead of an error.
  public var isGoalBinding = true
  /// With `flat`, tensors that lie on few distinct blocks of their flattened weights are stored without loss, with one
  /// dictionary of as many motifs as there are such blocks; all others stay dense.
  public var blocking = Blocking.rows
  /// Forms that a goal other than `explicit` chooses from.
  public var form = ClassTable.FormFilter.auto
  public var preference = ClassTable.Preference.speed
  /// Weights in a block, 1 to 64. With 4 weights to one of 256 motifs a weight takes 2 bits.
  public var blockLength = 4
  public var motifs = MotifBudget.count(256)
  /// Stages of each tensor, 1 to 8: each fits what the earlier ones leave.
  public var stageCount = 1
  public var dictionaryScope = DictionaryScope.model
  /// Motifs are twice as long as blocks; blocks of at most 16 weights then.
  public var isOverlapping = false
  /// Motifs come in pairs +c and -c, of which one is stored, where their count is a power of two from 4 on.
  public var isAntipodal = true
  /// Keeps weights beyond 6 root mean squares of their row apart; with calibration also the 32 beyond 4 that carry most energy.
  public var keepsOutliers = true
  public var effort = Effort.normal
  /// Pins motif 0 to zeros, so that no stage makes a block worse.
  public var hasZeroMotif = true
  /// Divides each row by its root mean square before fitting, so that rows of any size share motifs.
  public var hasRowScale = true
  /// Keeps tensors with NaN or infinity, dense, instead of refusing them.
  public var allowsNonfinite = false
  /// Decides sampling and initialisation: equal seeds give equal bytes.
  public var seed: UInt64 = 0

  /// The longest blocks that overlapping motifs are fitted to.
  static let maximumOverlappingBlockLength = 16

  public init() {}

  /// Normalised by its row scale a weight is of order one, which float16 holds to 11 bits.
  var dictionaryElementType: ElementType { hasRowScale ? .float16 : .float32 }

  /// The class that the numbers above describe.
  func fitClass(motifCount: Int) -> FitClass {
    let isPaired = isAntipodal && FitClass.StageForm.canBePaired(motifCount: motifCount)
    return FitClass(
      stages: (0..<stageCount).map { stage in
        FitClass.StageForm(
          blockLength: blockLength, motifCount: motifCount, isOverlapping: isOverlapping && stage == 0,
          isAntipodal: isPaired)
      })
  }

  /// - Throws: `FitError` if a number is outside its range.
  public func validate() throws(FitError) {
    try validateGoal()
    guard (1...MotifDictionary.maximumBlockLength).contains(blockLength) else {
      throw .optionOutOfRange(name: "block length", found: "\(blockLength)", expected: "1 to 64")
    }
    guard !isOverlapping || blockLength <= Self.maximumOverlappingBlockLength else {
      throw .optionOutOfRange(
        name: "block length", found: "\(blockLength)", expected: "1 to 16 for overlapping motifs")
    }
    guard (1...8).contains(stageCount) else {
      throw .optionOutOfRange(name: "stages", found: "\(stageCount)", expected: "1 to 8")
    }
    guard blocking == .rows || (goal == .explicit && stageCount == 1 && !isOverlapping) else {
      throw .optionOutOfRange(
        name: "blocking", found: "flat, which stores distinct blocks as they are",
        expected: "rows with a goal, several stages or overlapping motifs")
    }
    switch motifs {
    case .count(let count):
      guard (1...MotifDictionary.maximumMotifCount).contains(count) else {
        throw .optionOutOfRange(name: "motifs", found: "\(count)", expected: "1 to 65536")
      }
    case .capacity(let capacity):
      guard capacity > 0, capacity <= 1 else {
        throw .optionOutOfRange(name: "capacity", found: "\(capacity)", expected: "above 0, at most 1")
      }
    }
  }

  private func validateGoal() throws(FitError) {
    switch goal {
    case .explicit: return
    case .bits(let bits):
      guard bits > 0, bits <= 32 else {
        throw .optionOutOfRange(name: "bits", found: "\(bits)", expected: "above 0, at most 32")
      }
    case .fileByteCount(let count):
      guard count > 0 else {
        throw .optionOutOfRange(name: "target size", found: "\(count)", expected: "at least 1 byte")
      }
    case .cosine(let cosine):
      guard cosine > 0, cosine < 1 else {
        throw .optionOutOfRange(name: "target cosine", found: "\(cosine)", expected: "above 0, below 1")
      }
    }
    guard dictionaryScope == .model else {
      throw .optionOutOfRange(
        name: "dictionary", found: dictionaryScope.rawValue,
        expected: "model, where a goal chooses the classes")
    }
  }
}

extension FitOptions.Goal: CustomStringConvertible {
  public var description: String {
    switch self {
    case .explicit: "explicit"
    case .bits(let bits): "\(bits) bits"
    case .fileByteCount(let count): "\(count) bytes"
    case .cosine(let cosine): "cosine \(cosine)"
    }
  }
}
