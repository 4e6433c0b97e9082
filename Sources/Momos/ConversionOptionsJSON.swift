import MomosFit
import MomosInterchange
import MomosModel

extension ConversionOptions {
  private static let names = [
    "source", "output", "graph", "bits", "target_size", "target_cosine", "effort", "form", "prefer", "plan",
    "save_plan", "block_length", "motifs", "capacity", "stages", "dictionary", "blocking", "no_zero_motif",
    "no_row_scale", "seed", "dense", "calibration", "save_calibration", "input_axis", "allow_nonfinite",
    "threads", "no_zstd", "force", "resume", "decompose", "alpha", "initialization", "initial_weights",
    "max_loss", "annealing",
  ]

  /// Options in JSON: the long options of `momos-convert` with _ for -, and `source` for its arguments.
  ///
  /// - Throws: for what the command would refuse.
  public init(json: String) throws(MomosError) {
    let values = try MomosError.translatingOptions { () throws(InterchangeError) in
      try OptionsJSON(json, names: Self.names)
    }
    self = try MomosError.translatingOptions { () throws(InterchangeError) in
      var options = ConversionOptions(
        sources: try values.texts("source"), output: try values.text("output"))
      options.graph = try values.text("graph")
      options.savedPlan = try values.text("save_plan")
      options.densePatterns = try values.texts("dense")
      options.calibration = try values.texts("calibration")
      options.savedCalibration = try values.text("save_calibration")
      options.inputAxis = try values.choice("input_axis") ?? .last
      options.compresses = try !values.flag("no_zstd")
      options.overwrites = try values.flag("force")
      options.resumes = try values.flag("resume")
      options.fit.allowsNonfinite = try values.flag("allow_nonfinite")
      options.threadCount = try values.threadCount()
      options.decomposition = try DecompositionOptions.given(in: values)
      return options
    }
    let choice = try MomosError.translatingOptions { () throws(InterchangeError) in try FitChoice(values) }
    let allowsNonfinite = fit.allowsNonfinite
    plan = choice.plan
    fit = try choice.options()
    fit.allowsNonfinite = allowsNonfinite
    guard !sources.isEmpty else { throw MomosError(.usage, "expected a source, found none") }
  }
}

extension DecompositionOptions {
  /// nil unless it is asked for.
  fileprivate static func given(in values: OptionsJSON) throws(InterchangeError) -> DecompositionOptions? {
    var options = DecompositionOptions()
    let (level, maximumLoss) = (try values.number("alpha"), try values.number("max_loss"))
    options.initialization = try values.choice("initialization", expected: "a rule such as kaiming-uniform") {
      InitializationRule($0)
    }
    options.initialWeights = try values.texts("initial_weights")
    let annealing: AnnealingRule? = try values.choice("annealing")
    guard try values.flag("decompose") else {
      let isOptionGiven =
        level != nil || maximumLoss != nil || annealing != nil || options.initialization != nil
        || !options.initialWeights.isEmpty
      guard !isOptionGiven else {
        throw InterchangeError(
          .jsonValue, place: "decompose", expected: "true beside options of decomposition", found: "none")
      }
      return nil
    }
    options.level = level ?? options.level
    options.maximumLoss = maximumLoss ?? options.maximumLoss
    options.annealing = annealing ?? options.annealing
    return options
  }
}

extension FitChoice {
  fileprivate init(_ values: OptionsJSON) throws(InterchangeError) {
    bits = try values.number("bits")
    targetByteCount = try values.choice("target_size", expected: "a number of bytes such as 10MB") {
      ByteSize(argument: $0)?.byteCount
    }
    targetCosine = try values.number("target_cosine")
    plan = try values.text("plan")
    effort = try values.choice("effort") ?? .normal
    form = try values.choice("form") ?? .auto
    preference = try values.choice("prefer")
    blockLength = try values.integer("block_length")
    motifCount = try values.integer("motifs")
    capacity = try values.number("capacity")
    stageCount = try values.integer("stages")
    dictionaryScope = try values.choice("dictionary")
    blocking =
      try values.choice("blocking", expected: "rows or flat") { text in
        [Blocking.rows, .flat].first { $0.name == text }
      } ?? .rows
    hasZeroMotif = try !values.flag("no_zero_motif")
    hasRowScale = try !values.flag("no_row_scale")
    seed = try values.integer("seed", as: UInt64.self) ?? 0
  }
}

extension VerificationOptions {
  /// Options in JSON: `file`, `source`, and the long options of `momos-verify` with _ for -.
  ///
  /// - Throws: for what the command would refuse.
  public init(json: String) throws(MomosError) {
    self = try MomosError.translatingOptions { () throws(InterchangeError) in
      let values = try OptionsJSON(
        json,
        names: [
          "file", "source", "graph", "input", "labels", "min_cosine", "max_relative_error", "min_snr",
          "min_accuracy", "threads", "precision", "load",
        ])
      guard let file = try values.text("file") else {
        throw InterchangeError(.jsonMissingKey, expected: "the key 'file'", found: "none")
      }
      var options = VerificationOptions(file: file)
      options.sources = try values.texts("source")
      options.graph = try values.text("graph")
      options.inputs = try values.named("input")
      options.labels = try values.text("labels")
      options.minimumCosine = try values.number("min_cosine")
      options.maximumRelativeError = try values.number("max_relative_error")
      options.minimumSNR = try values.number("min_snr")
      options.minimumAccuracy = try values.number("min_accuracy")
      options.session.threadCount = try values.threadCount()
      options.session.precision = try values.choice("precision") ?? .fast
      options.session.load = try values.choice("load") ?? .map
      return options
    }
    try validate()
  }
}

extension OptionsJSON {
  fileprivate func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String
  ) throws(InterchangeError) -> Value? where Value.RawValue == String {
    let expected = Value.allCases.map(\.rawValue).joined(separator: ", ")
    return try choice(name, expected: "one of \(expected)") { Value(rawValue: $0) }
  }

  fileprivate func threadCount() throws(InterchangeError) -> Int {
    let count = try integer("threads") ?? 0
    guard (0...1024).contains(count) else {
      throw InterchangeError(.jsonValue, place: "threads", expected: "0 to 1024", found: "\(count)")
    }
    return count
  }
}

extension MomosError {
  /// Wrong options are wrong usage.
  fileprivate static func translatingOptions<Value>(
    _ work: () throws(InterchangeError) -> Value
  ) throws(MomosError) -> Value {
    do {
      return try work()
    } catch {
      throw MomosError(.usage, "options: \(error)")
    }
  }
}
