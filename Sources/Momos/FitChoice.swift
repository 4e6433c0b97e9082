public import MomosFit
import MomosModel

/// How much a fit may cost, as users say it: a goal, or numbers of blocks and motifs. What is nil is not said.
public struct FitChoice: Sendable {
  /// Bits for each fitted weight where nothing says how much the fit may cost.
  public static let defaultBits = 4.0

  /// Most bits for each fitted weight, above 0, at most 32.
  public var bits: Double?
  /// Most bytes of the file before zstd, at least 1.
  public var targetByteCount: Int?
  /// Least mean cosine of the outputs as predicted, above 0, below 1; needs a calibration with losses.
  public var targetCosine: Double?
  /// A plan file that decides the classes.
  public var plan: String?
  public var effort = FitOptions.Effort.normal
  public var form = ClassTable.FormFilter.auto
  public var preference: ClassTable.Preference?
  /// Weights in a block, 1 to 64.
  public var blockLength: Int?
  /// Motifs in a dictionary, 1 to 65,536.
  public var motifCount: Int?
  /// Motifs as a share of the blocks that use the dictionary, above 0, at most 1; instead of `motifCount`.
  public var capacity: Double?
  /// Stages of each tensor, 1 to 8.
  public var stageCount: Int?
  public var dictionaryScope: FitOptions.DictionaryScope?
  public var blocking = Blocking.rows
  public var hasZeroMotif = true
  public var hasRowScale = true
  public var seed: UInt64 = 0

  public init() {}

  /// Whether nothing says how much the fit may cost.
  public var areDefaults: Bool { goals.isEmpty && numbers.isEmpty && blocking == .rows }

  /// - Throws: for choices that exclude each other or lie outside their range, in the words of the command's options.
  public func options() throws(MomosError) -> FitOptions {
    guard goals.count <= 1 else { throw exclusion(goals[0], goals[1]) }
    if let goal = goals.first, let number = numbers.first { throw conflict(goal, with: number) }
    guard motifCount == nil || capacity == nil else { throw exclusion("--motifs", "--capacity") }
    if blocking == .flat, let other = (goals + numbers).first(where: { $0 != "--block-length" }) {
      throw MomosError(.usage, "--blocking flat stores every distinct block: it takes no \(other)")
    }
    if plan != nil, form != .auto { throw conflict("--plan", with: "--form") }
    if plan != nil, preference != nil { throw conflict("--plan", with: "--prefer") }
    guard preference == nil || numbers.isEmpty else {
      throw MomosError(
        .usage, "--prefer chooses among classes, which \(numbers[0]) sets; give one of them")
    }
    let options = unchecked
    try MomosError.translating { try options.validate() }
    return options
  }

  private func exclusion(_ first: String, _ second: String) -> MomosError {
    MomosError(.usage, "\(first) and \(second) exclude each other")
  }

  private func conflict(_ goal: String, with other: String) -> MomosError {
    MomosError(.usage, "\(goal) chooses what \(other) sets; give one of them")
  }

  /// Options that decide the classes of tensors, as given.
  private var goals: [String] {
    [
      bits.map { _ in "--bits" }, targetByteCount.map { _ in "--target-size" },
      targetCosine.map { _ in "--target-cosine" }, plan.map { _ in "--plan" },
    ].compactMap { $0 }
  }

  /// Options that give all tensors one class, as given.
  private var numbers: [String] {
    [
      blockLength.map { _ in "--block-length" }, motifCount.map { _ in "--motifs" },
      capacity.map { _ in "--capacity" }, stageCount.map { _ in "--stages" },
      dictionaryScope.map { _ in "--dictionary" },
    ].compactMap { $0 }
  }

  private var unchecked: FitOptions {
    var options = FitOptions()
    if let bits = bits ?? (areDefaults ? Self.defaultBits : nil) { options.goal = .bits(bits) }
    options.isGoalBinding = !areDefaults
    if let targetByteCount { options.goal = .fileByteCount(targetByteCount) }
    if let targetCosine { options.goal = .cosine(targetCosine) }
    options.effort = effort
    options.form = form
    options.preference = preference ?? .speed
    options.blocking = blocking
    options.isOverlapping = form == .overlapping && !numbers.isEmpty
    if let blockLength { options.blockLength = blockLength }
    if let motifCount { options.motifs = .count(motifCount) }
    if let capacity { options.motifs = .capacity(capacity) }
    if let stageCount { options.stageCount = stageCount }
    if let dictionaryScope { options.dictionaryScope = dictionaryScope }
    options.hasZeroMotif = hasZeroMotif
    options.hasRowScale = hasRowScale
    options.seed = seed
    return options
  }
}
