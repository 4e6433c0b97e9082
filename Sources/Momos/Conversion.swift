public import MomosFit
import MomosFormat
import MomosInterchange
import MomosKernels
public import MomosModel
import MomosRuntime

/// Converts weights, and a graph where there is one, into a `.momos` file.
///
/// `plan()` decides and refuses everything; it writes nothing but the plan and the calibration that were asked for, and what resuming
/// needs. `run` then writes the file. Without calibration each tensor is held alone: memory stays near that of the largest one.
/// With it, the tensors of one class are held together, beside the second moments of their inputs.
public struct Conversion: Sendable {
  private let options: ConversionOptions
  private let source: SourceModel
  /// Names that the user wants dense.
  private let keptDense: Set<String>
  private let tied: TiedTensors
  /// What the graph does with tensors, by name; nil without a graph.
  private let graphRoles: [String: TensorRole]?
  /// Matrices that make a feed-forward block together.
  private let feedForwardPairs: [FeedForwardPair]
  /// How much errors of tensors matter to the graph, by name.
  private let sensitivities: [String: SensitivityRole]
  /// nil without `options.calibration`.
  private let calibrationInput: CalibrationInput?
  private let calibrated = Kept<CalibrationPass.Result>()
  /// Open from the first use to the end of `run`.
  private let journal = Kept<ConversionJournal>()
  /// nil without `options.plan`.
  private let planFile: PlanFile?
  /// Weights before training; nil unless decomposition is given some.
  private let initialWeights: SourceModel?

  /// Opens the sources and the graph.
  ///
  /// - Throws: for what cannot be read, for an output that is also an input, and for one that exists already
  ///   unless it may be replaced.
  public init(_ options: ConversionOptions) throws(MomosError) {
    let options = try options.decomposable()
    self.options = options
    try MomosError.translating { try InstructionSet.checkEnvironment() }
    initialWeights = try options.decomposition?.initialWeightsSource()
    let source = try SourceModel(sources: options.sources, graph: options.graph)
    self.source = source
    guard !source.catalog.isEmpty || !source.graphs.isEmpty else {
      throw MomosError(.badData, "the sources hold no tensors")
    }
    calibrationInput = try Self.calibrationInput(options, source)
    try Self.checkOutputs(
      options,
      inputs: source.files + (calibrationInput?.files ?? []) + (initialWeights?.files ?? [])
        + [options.plan].compactMap { $0 })
    planFile = try options.plan.map { path throws(MomosError) in try PlanFile(reading: path) }
    let patterns = try options.densePatterns.map { pattern throws(MomosError) in
      guard let compiled = NamePattern(pattern) else {
        throw MomosError(.usage, "'\(pattern)' is not a regular expression that names tensors")
      }
      return compiled
    }
    let keptDense = Set(
      source.catalog.map(\.name).filter { name in patterns.contains { $0.matches(name) } })
    let tied = try TiedTensors(in: source, keptDense: keptDense)
    self.keptDense = keptDense
    self.tied = tied
    let shapes = Dictionary(uniqueKeysWithValues: source.catalog.map { ($0.name, $0.shape) })
    func entry(_ name: String) -> TensorCatalogEntry? {
      shapes[name].map {
        TensorCatalogEntry(
          name: tied.targets[name] ?? name, rank: $0.rank, leadingSize: $0.dimensions.first)
      }
    }
    graphRoles = source.graphs.first.map { TensorRole.roles(in: $0, catalog: entry) }
    feedForwardPairs = source.graphs.first.map { FeedForwardPair.pairs(in: $0, catalog: entry) } ?? []
    sensitivities = source.graphs.first.map { SensitivityRole.roles(in: $0, catalog: entry) } ?? [:]
  }

  private static func checkOutputs(_ options: ConversionOptions, inputs: [String]) throws(MomosError) {
    let isInterrupted = options.output.map(ConversionJournal.exists(for:)) ?? false
    // The interrupted conversion may have saved its calibration and its plan.
    try OutputTargets.check(
      [options.output, options.savedCalibration, options.savedPlan].compactMap { $0 }, inputs: inputs,
      overwrites: options.overwrites || options.resumes && isInterrupted)
    guard let output = options.output else { return }
    try OutputTargets.check([output], inputs: inputs, overwrites: options.overwrites)
    if let format = Export.Format(path: output) {
      throw MomosError(
        .usage,
        "'\(output)': only FILE.momos as the single source is written as .\(format.rawValue); name the output FILE.momos"
      )
    }
    guard !isInterrupted || options.resumes || options.overwrites else {
      throw MomosError(
        .usage,
        "'\(ConversionJournal.path(of: output))' is left of an interrupted conversion: --resume continues it, "
          + "--force starts anew")
    }
  }

  private static func calibrationInput(
    _ options: ConversionOptions, _ source: SourceModel
  ) throws(MomosError) -> CalibrationInput? {
    guard !options.calibration.isEmpty else {
      if case .cosine = options.fit.goal {
        throw MomosError(.usage, "--target-cosine needs --calibration")
      }
      guard options.savedCalibration == nil else {
        throw MomosError(.usage, "--save-calibration needs --calibration with samples")
      }
      return nil
    }
    guard let graph = source.graphs.first else {
      throw MomosError(.usage, "--calibration needs a graph: an ONNX model, or --graph")
    }
    let input = try CalibrationInput(options.calibration, inputs: graph.inputs)
    guard input.saved == nil || options.savedCalibration == nil else {
      throw MomosError(.usage, "--save-calibration would save a calibration that is saved already")
    }
    return input
  }

  /// Decides what happens to every tensor. Where there are samples to calibrate on, the graph is executed on them.
  ///
  /// - Parameter progress: called from the calling thread with the share of the calibration that is done, 0 to 1.
  /// - Throws: for tensors that cannot be stored, and for a graph that could not be executed afterwards.
  public func plan(progress: Progress = { _ in }) throws(MomosError) -> FitPlan {
    let candidates = self.candidates()
    if !source.graphs.isEmpty { try checkGraph(candidates) }
    let parts = try planFile?.parts(of: candidates)
    try calibrate(candidates, progress: progress)
    if case .cosine = options.fit.goal, calibration?.losses.isEmpty != false {
      throw MomosError(.badData, "--target-cosine needs losses, which the calibration does not hold")
    }
    let plan = try decomposed(try plan(candidates, parts: parts, progress: progress))
    if let path = options.savedPlan { try PlanFile.write(plan, to: path) }
    return plan
  }

  private func decomposed(_ plan: FitPlan) throws(MomosError) -> FitPlan {
    guard let decomposition = options.decomposition else { return plan }
    let work = PlanDecomposition(
      decomposition, initial: initialWeights, loss: measuredLoss, coactivation: coactivationPass,
      calibration: calibration, seed: options.fit.seed, pairs: feedForwardPairs)
    return try MomosError.translating { try work.decomposed(plan) { try source.read($0) } }
  }

  /// nil without samples.
  private var coactivationPass: CoactivationPass? {
    guard let samples = calibrationInput?.samples, let measuredLoss, let calibration else { return nil }
    return CoactivationPass(
      source: source, samples: samples, model: measuredLoss.model, calibration: calibration,
      pool: ThreadPool(threadCount: options.threadCount))
  }

  private func plan(
    _ candidates: [FitCandidate], parts: [String: [AllocatedPart]]?, progress: Progress
  ) throws(MomosError) -> FitPlan {
    try MomosError.translating {
      if let parts {
        return try fitPlanner(calibration)
          .plan(candidates, parts: parts) { try source.read($0) }
      }
      let plan = try fitPlan(candidates, calibration)
      guard options.fit.effort == .max, options.fit.goal != .explicit, let calibration, let measuredLoss
      else { return plan }
      let trial = Reallocation(
        plan: plan, calibration: calibration, loss: measuredLoss,
        pool: ThreadPool(threadCount: options.threadCount))
      return try fitPlan(
        candidates, trial.corrected(read: { try source.read($0) }, progress: progress))
    }
  }

  private func fitPlanner(_ calibration: Calibration?) throws -> FitPlanner {
    try FitPlanner(
      options: options.fit, calibration: calibration, pool: ThreadPool(threadCount: options.threadCount))
  }

  private func fitPlan(_ candidates: [FitCandidate], _ calibration: Calibration?) throws -> FitPlan {
    try fitPlanner(calibration).plan(
      candidates, fileByteCount: { try ConversionWork(self, plan: $0).preview().fileByteCount },
      read: { try source.read($0) })
  }

  /// What samples say of the weights; nil without, and before `plan()`.
  public var calibration: Calibration? { calibrated.value?.calibration }
  /// Measures losses on samples; nil without, and before `plan()`.
  public var measuredLoss: MeasuredLoss? { calibrated.value?.loss }

  private func calibrate(_ candidates: [FitCandidate], progress: Progress) throws(MomosError) {
    guard let input = calibrationInput, calibrated.value == nil else { return }
    let matrices = candidates.compactMap { candidate in candidate.matrix.map { (candidate, $0) } }
    let shapes = Dictionary(
      uniqueKeysWithValues: matrices.map { ($0.name, $1.matrixShape(of: $0.shape)) })
    try input.check(shapes)
    let pass = calibrationPass(candidates)
    if let saved = input.saved {
      calibrated.value = try .init(calibration: saved.calibration, loss: pass?.measuredLoss())
    } else if let pass {
      let result: CalibrationPass.Result
      if let known = try resumed(pass, shapes) {
        result = known
      } else {
        result = try pass.run(progress: progress)
      }
      calibrated.value = result
      if let path = options.savedCalibration { try SavedCalibration.write(result.calibration, to: path) }
    }
  }

  /// The pass over the samples; nil without.
  func calibrationPass(_ candidates: [FitCandidate]) -> CalibrationPass? {
    calibrationInput?.samples.map { samples in
      CalibrationPass(
        source: source, aliases: tied.targets,
        weights: candidates.compactMap { candidate in
          candidate.matrix.map { CalibrationPass.Weight(name: candidate.name, view: $0) }
        }, samples: samples, threadCount: options.threadCount, seed: options.fit.seed, spool: spool)
    }
  }

  /// The folder of the output, where there must be room anyway.
  private var spool: SpoolFolder {
    guard let output = options.output, let slash = output.lastIndex(of: "/") else {
      return SpoolFolder(path: ".")
    }
    return SpoolFolder(path: String(output[...slash]))
  }

  /// What an interrupted conversion found by the same pass; nil without.
  private func resumed(
    _ pass: CalibrationPass, _ shapes: [String: Shape]
  ) throws(MomosError) -> CalibrationPass.Result? {
    guard options.resumes, let journal = try openJournal(), let known = try journal.calibration()
    else { return nil }
    try CalibrationInput.check(known, shapes, path: journal.folder)
    return try .init(calibration: known, loss: pass.measuredLoss())
  }

  /// The journal where it is worth its bytes: where calibration or a large model takes long, or where it is asked for.
  /// One that was left is taken over.
  private func openJournal() throws(MomosError) -> ConversionJournal? {
    if let journal = journal.value { return journal }
    let weights = source.catalog.reduce(0) { $0 + $1.shape.elementCount }
    guard let output = options.output,
      options.resumes || calibrationInput?.samples != nil || weights > Self.journalWeightCount
        || ConversionJournal.exists(for: output)
    else { return nil }
    var digest = ConversionDigest()
    digest.add("fit", options.fit)
    digest.add("dense", keptDense.sorted())
    digest.add("input axis", options.inputAxis)
    digest.add("compresses", options.compresses)
    if let decomposition = options.decomposition { digest.add("decomposition", decomposition) }
    if let initialWeights { try digest.add(initialWeights) }
    for tensor in planFile?.classes ?? [] { digest.add("class", tensor) }
    try digest.add(source)
    if let samples = calibrationInput?.samples { try digest.add(samples) }
    if let saved = calibrationInput?.saved { digest.add(saved.calibration) }
    let value = try MomosError.translating { [digest] in try digest.value }
    let opened = try ConversionJournal(of: output, conversion: value, resumes: options.resumes)
    journal.value = opened
    return opened
  }

  /// Models of more weights are converted with a journal.
  private static let journalWeightCount = 50_000_000

  func candidates() -> [FitCandidate] {
    let attributes = source.graphs.flatMap(\.tensorsOfAttributes)
    let attributeReasons = Dictionary(attributes, uniquingKeysWith: { first, _ in first })
    return source.catalog.filter { tied.targets[$0.name] == nil }.map { tensor in
      FitCandidate(
        name: tensor.name, elementType: tensor.elementType, shape: tensor.shape,
        role: attributeReasons[tensor.name].map { .dense(reason: $0) } ?? role(of: tensor),
        sensitivity: sensitivities[tensor.name] ?? .other)
    }
  }

  private func role(of tensor: SourceTensor) -> FitRole {
    if keptDense.contains(tensor.name) { return .dense(reason: "--dense") }
    if let graphRoles {
      switch graphRoles[tensor.name] {
      case .linear(let view, let use): return .linear(view, use: use)
      case .dense(let reason): return .dense(reason: reason)
      case nil: return .dense(reason: "is not used by the graph")
      }
    }
    guard tensor.shape.rank >= 2 else { return .dense(reason: "is not a matrix") }
    return .linear(options.inputAxis.view(rank: tensor.shape.rank))
  }

  /// Plans the graph over tensors of the right shapes, so that nothing is written that could not be executed.
  ///
  /// Matrices that the graph multiplies by are hollow, so that they take no memory; small ones that stay dense are
  /// planned as they are.
  private func checkGraph(_ candidates: [FitCandidate]) throws(MomosError) {
    try MomosError.translating {
      var model = Model(graphs: source.graphs, operatorSets: source.operatorSets)
      for candidate in candidates {
        var content: TensorContent?
        if case .linear(let view, _) = graphRoles?[candidate.name], candidate.elementType.isFloatingPoint,
          candidate.shape.elementCount > (candidate.isDense ? 1 << 18 : 0)
        {
          content = .mosaic(try hollowMosaic(of: candidate, view: view))
        }
        model.tensors.append(
          NamedTensor(name: candidate.name, content: try content ?? .dense(source.read(candidate.name))))
      }
      for (name, target) in tied.targets {
        model.tensors.append(NamedTensor(name: name, content: .alias(target)))
      }
      _ = try ExecutionPlan(model: model)
    }
  }

  /// A mosaic of the candidate's shape with a single zero motif, which takes no memory.
  private func hollowMosaic(of candidate: FitCandidate, view: MatrixView) throws(ModelError) -> MosaicTensor {
    let matrix = view.matrixShape(of: candidate.shape)
    let length = MotifDictionary.maximumBlockLength
    let dictionary = MotifDictionary(
      motifCount: 1, blockLength: length, elementType: .float32,
      values: try Bytes(copying: [Float](repeating: 0, count: length)))
    let mosaic = Mosaic(
      rowCount: matrix[0], blockCount: dictionary.blockCount(covering: matrix[1]), blockLength: length,
      indexWidth: 0,
      layout: .rowMajor, bytes: Bytes())
    let part = MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])
    return MosaicTensor(
      elementType: candidate.elementType, shape: candidate.shape, view: view, parts: [part])
  }

  /// The file that `run` would write, without writing it.
  public func preview(_ plan: FitPlan) throws(MomosError) -> ConversionReport {
    try ConversionWork(self, plan: plan).preview()
  }

  /// Writes the file. Where much would be lost by an interruption, `FILE.momos.partial` keeps what is found until the
  /// file is complete, for a conversion that `options.resumes`.
  ///
  /// - Parameters:
  ///   - plan: from `plan()`.
  ///   - progress: called from the calling thread with the share of the work that is done, 0 to 1.
  public func run(
    _ plan: FitPlan, progress: Progress = { _ in }
  ) throws(MomosError) -> ConversionReport {
    guard let output = options.output else { throw MomosError(.usage, "no output file is named") }
    let journal = try openJournal()
    if let calibration, calibrationInput?.saved == nil { try journal?.keep(calibration) }
    let report = try ConversionWork(self, plan: plan).write(to: output, journal: journal, progress: progress)
    journal?.remove()
    self.journal.value = nil
    return report
  }

  /// What the work needs of a conversion.
  struct Inputs {
    let options: ConversionOptions
    let source: SourceModel
    /// Names of tensors that repeat another, by their names.
    let aliases: [String: String]
    let calibration: Calibration?
    /// Of the calibration.
    let calibrationDigest: UInt64?
    let measuredLoss: MeasuredLoss?
  }

  var inputs: Inputs {
    Inputs(
      options: options, source: source, aliases: tied.targets, calibration: calibration,
      calibrationDigest: calibrated.value?.digest, measuredLoss: measuredLoss)
  }
}

extension FitCandidate {
  /// How it is a matrix of real numbers that is multiplied by; nil if it is none.
  fileprivate var matrix: MatrixView? {
    guard case .linear(let view, _) = role, elementType.isFloatingPoint else { return nil }
    return view
  }

  fileprivate var isDense: Bool {
    if case .dense = role { true } else { false }
  }
}

extension Graph {
  /// Tensors that are attributes of nodes, and what reports say of them.
  fileprivate var tensorsOfAttributes: [(String, String)] {
    nodes.flatMap { node in
      node.attributes.compactMap { attribute in
        guard case .tensor(let name) = attribute.value else { return nil }
        return (name, "is the attribute \(attribute.name) of \(NodeLabel(node))")
      }
    }
  }
}
