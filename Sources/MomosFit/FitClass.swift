/// How blocks become motifs: for each stage the block length, the motif count, and whether motifs overlap.
///
/// Written as in reports and plan files: "s4k256", "overlapping s4k256", "s8k256 + s4k16". Of several stages the first
/// alone may overlap: "overlapping s2k256 + s4k256".
public struct FitClass: Sendable, Hashable {
  public struct StageForm: Sendable, Hashable {
    /// Stride s of the blocks, in weights.
    public let blockLength: Int
    /// Motifs k, both signs of an antipodal dictionary counted.
    public let motifCount: Int
    /// Motifs are twice as long as blocks.
    public let isOverlapping: Bool
    /// Half of the motifs are stored, the others are their negatives.
    public let isAntipodal: Bool

    public init(
      blockLength: Int, motifCount: Int, isOverlapping: Bool = false, isAntipodal: Bool = false
    ) {
      self.blockLength = blockLength
      self.motifCount = motifCount
      self.isOverlapping = isOverlapping
      self.isAntipodal = isAntipodal
    }

    /// Whether so many motifs can come in pairs without gaps among the indices.
    static func canBePaired(motifCount: Int) -> Bool { motifCount >= 4 && motifCount.nonzeroBitCount == 1 }

    public var motifLength: Int { isOverlapping ? 2 * blockLength : blockLength }
    public var storedMotifCount: Int { isAntipodal ? motifCount / 2 : motifCount }
  }

  /// At least one; none but the first overlaps.
  public let stages: [StageForm]

  public init(stages: [StageForm]) {
    precondition(!stages.isEmpty && !stages.dropFirst().contains(where: \.isOverlapping))
    self.stages = stages
  }

  /// Weights that one test decides about: the longest block.
  public var sequenceLength: Int { stages.map(\.blockLength).max() ?? 1 }

  /// One stage of plain motifs.
  public static func plain(_ blockLength: Int, _ motifCount: Int, isAntipodal: Bool = true) -> FitClass {
    FitClass(stages: [
      StageForm(blockLength: blockLength, motifCount: motifCount, isAntipodal: isAntipodal)
    ])
  }

  /// A stage of overlapping motifs, and the plain ones of another class added to it.
  public static func overlapping(
    _ blockLength: Int, _ motifCount: Int, adding added: FitClass? = nil
  ) -> FitClass {
    let form = StageForm(
      blockLength: blockLength, motifCount: motifCount, isOverlapping: true, isAntipodal: true)
    return FitClass(stages: [form] + (added?.stages ?? []))
  }
}

extension FitClass: CustomStringConvertible {
  public var description: String {
    let names = stages.map { "s\($0.blockLength)k\($0.motifCount)" }
    let prefix = stages[0].isOverlapping ? "overlapping " : ""
    if names.count > 1, Set(stages).count == 1 { return "\(prefix)\(names[0])x\(names.count)" }
    return prefix + names.joined(separator: " + ")
  }
}
