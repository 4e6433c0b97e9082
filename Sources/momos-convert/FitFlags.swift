public import ArgumentParser
import CommandSupport
public import Momos

/// How much a fit may cost, as a goal or in numbers of blocks and motifs.
struct FitFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Most bits for each fitted weight; classes are chosen per tensor, above 0, at most 32. (default: 4)",
      valueName: "B")
  )
  var bits: Double?

  @Option(
    help: ArgumentHelp(
      "Most bytes of the file, such as 10MB or 10MiB; zstd may make it smaller.", valueName: "BYTES"))
  var targetSize: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Least mean cosine of the outputs as predicted, above 0, below 1; needs --calibration.", valueName: "C")
  )
  var targetCosine: Double?

  @Option(help: ArgumentHelp("Time for a smaller error: fast, normal or max.", valueName: "LEVEL"))
  var effort = FitOptions.Effort.normal

  @Option(help: ArgumentHelp("Motifs to choose from: plain, overlapping or auto.", valueName: "FORM"))
  var form = ClassTable.FormFilter.auto

  @Option(
    help: ArgumentHelp(
      "speed chooses what executes fast, accuracy also large dictionaries. (default: speed)",
      valueName: "WHAT"))
  var prefer: ClassTable.Preference?

  @Option(
    help: ArgumentHelp("Take the classes from this file, which --save-plan wrote.", valueName: "FILE.json"))
  var plan: String?

  @Option(help: ArgumentHelp("Save what is chosen for every tensor, to be edited.", valueName: "FILE.json"))
  var savePlan: String?

  @Option(help: ArgumentHelp("Weights in a block, 1 to 64. (default: 4)", valueName: "S"))
  var blockLength: Int?

  @Option(help: ArgumentHelp("Motifs in a dictionary, 1 to 65536. (default: 256)", valueName: "K"))
  var motifs: Int?

  @Option(
    help: ArgumentHelp(
      "Motifs as a share of the blocks that use the dictionary, above 0, at most 1; instead of --motifs.",
      valueName: "C"))
  var capacity: Double?

  @Option(
    help: ArgumentHelp(
      "Stages of each tensor, 1 to 8: each fits what the earlier ones leave. (default: 1)", valueName: "N"))
  var stages: Int?

  @Option(
    help: ArgumentHelp(
      "Who has a dictionary: the whole model, or each tensor its own. (default: model)", valueName: "OWNER"))
  var dictionary: FitOptions.DictionaryScope?

  @Option(
    help: ArgumentHelp(
      """
      How blocks are cut: rows, along the input dimension, or flat, from the flattened tensor. Flat stores weights \
      that were trained as a mosaic without loss, with as many motifs as there are distinct blocks.
      """,
      valueName: "CUT"))
  var blocking = Blocking.rows

  @Flag(help: "Do not keep the first motif at zero.")
  var noZeroMotif = false

  @Flag(help: "Do not scale rows to a common size before the fit.")
  var noRowScale = false

  @Option(
    help: ArgumentHelp(
      "Start of the random choices of the fit; equal seeds give equal files.", valueName: "N"))
  var seed: UInt64 = 0

  func validate() throws {
    try requireAtMostOne(goals)
    if let goal = goals.first { try requireNone(of: numbers, beside: goal) }
    guard motifs == nil || capacity == nil else {
      throw ValidationError("--motifs and --capacity exclude each other")
    }
    if blocking == .flat, let other = (goals + numbers).first(where: { $0 != "--block-length" }) {
      throw ValidationError("--blocking flat stores every distinct block: it takes no \(other)")
    }
    if plan != nil {
      try requireNone(of: form == .auto ? [] : ["--form"], beside: "--plan")
      try requireNone(of: prefer == nil ? [] : ["--prefer"], beside: "--plan")
    }
    guard prefer == nil || numbers.isEmpty else {
      throw ValidationError("--prefer chooses among classes, which \(numbers[0]) sets; give one of them")
    }
    do {
      try options.validate()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// Options that decide the classes of tensors, as given.
  private var goals: [String] {
    [
      bits.map { _ in "--bits" }, targetSize.map { _ in "--target-size" },
      targetCosine.map { _ in "--target-cosine" }, plan.map { _ in "--plan" },
    ].compactMap { $0 }
  }

  /// Options that give all tensors one class, as given.
  private var numbers: [String] {
    [
      blockLength.map { _ in "--block-length" }, motifs.map { _ in "--motifs" },
      capacity.map { _ in "--capacity" }, stages.map { _ in "--stages" },
      dictionary.map { _ in "--dictionary" },
    ].compactMap { $0 }
  }

  private func requireAtMostOne(_ options: [String]) throws {
    guard options.count > 1 else { return }
    throw ValidationError("\(options[0]) and \(options[1]) exclude each other")
  }

  private func requireNone(of others: [String], beside goal: String) throws {
    guard let other = others.first else { return }
    throw ValidationError("\(goal) chooses what \(other) sets; give one of them")
  }

  /// Bits for each fitted weight where nothing says how much the fit may cost.
  static let defaultBits = 4.0

  /// Whether nothing says how much the fit may cost.
  var areDefaults: Bool { goals.isEmpty && numbers.isEmpty && blocking == .rows }

  var options: FitOptions {
    var options = FitOptions()
    if let bits = bits ?? (areDefaults ? Self.defaultBits : nil) { options.goal = .bits(bits) }
    options.isGoalBinding = !areDefaults
    if let targetSize { options.goal = .fileByteCount(targetSize.byteCount) }
    if let targetCosine { options.goal = .cosine(targetCosine) }
    options.effort = effort
    options.form = form
    options.preference = prefer ?? .speed
    options.blocking = blocking
    options.isOverlapping = form == .overlapping && !numbers.isEmpty
    if let blockLength { options.blockLength = blockLength }
    if let motifs { options.motifs = .count(motifs) }
    if let capacity { options.motifs = .capacity(capacity) }
    if let stages { options.stageCount = stages }
    if let dictionary { options.dictionaryScope = dictionary }
    options.hasZeroMotif = !noZeroMotif
    options.hasRowScale = !noRowScale
    options.seed = seed
    return options
  }
}

extension FitOptions.DictionaryScope: ExpressibleByArgument {}
extension Blocking: ExpressibleByArgument {
  public init?(argument: String) {
    guard let blocking = [Blocking.rows, .flat].first(where: { $0.name == argument }) else { return nil }
    self = blocking
  }

  public var defaultValueDescription: String { name }
}
extension FitOptions.Effort: ExpressibleByArgument {}
extension ClassTable.FormFilter: ExpressibleByArgument {}
extension ClassTable.Preference: ExpressibleByArgument {}
