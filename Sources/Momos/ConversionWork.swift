import MomosFit
import MomosFormat
import MomosInterchange
import MomosKernels
import MomosModel

/// One conversion under way: tensors go one after another from the source through the fit into the file.
struct ConversionWork {
  private let inputs: Conversion.Inputs
  private let plan: FitPlan

  init(_ conversion: Conversion, plan: FitPlan) {
    inputs = conversion.inputs
    self.plan = plan
  }

  /// - Parameter journal: what it holds is not found again, what it lacks is added.
  func write(
    to path: String, journal: ConversionJournal?, progress: Progress
  ) throws(MomosError) -> ConversionReport {
    try MomosError.translating {
      let stopwatch = Stopwatch()
      var fitter = Fitter(
        plan: plan, calibration: inputs.calibration, journal: try journal?.findings(plan: digest()),
        pool: ThreadPool(threadCount: inputs.options.threadCount))
      let writer = try MomosWriter(
        path: path,
        options: .init(compress: inputs.options.compresses, overwrite: inputs.options.overwrites))
      let work = plan.tensors.map(\.shape.elementCount)
      let wholeWork = Double(max(work.reduce(trainingWork, +), 1))
      var done = 0
      var provenance: [TensorProvenance] = []
      var seconds: [Double] = []
      try progress(0)
      for (tensor, count) in zip(plan.tensors, work) {
        let stopwatch = Stopwatch()
        done += try fitter.train(for: tensor) { try inputs.source.read($0) }
        try progress(Double(done) / wholeWork)
        provenance.append(try write(tensor, with: fitter, to: writer))
        seconds.append(stopwatch.elapsed.seconds)
        done += count
        try progress(Double(done) / wholeWork)
      }
      for tensor in tied { try writer.write(name: tensor.name, aliasOf: tensor.target) }
      let summary = try writer.finish(
        graphs: inputs.source.graphs, operatorSets: inputs.source.operatorSets,
        provenance: self.provenance(provenance))
      return report(
        output: path, fileByteCount: summary.byteCount, isExact: true, provenance: provenance,
        storedBits: try Inspection(path: path).report().bits, tensorSeconds: seconds,
        seconds: stopwatch.elapsed.seconds)
    }
  }

  /// Weights whose dictionaries are trained.
  private var trainingWork: Int {
    let groups = Set(plan.tensors.flatMap { $0.parts.map { $0.dictionaries[0] } })
    return groups.reduce(0) { $0 + plan.dictionaries[$1].weightCount }
  }

  /// A digest of what the findings of the fit follow from, besides the tensors.
  private func digest() throws -> UInt64 {
    var digest = ConversionDigest()
    try digest.add(plan)
    if let calibration = inputs.calibrationDigest { digest.add("calibration", calibration) }
    return try digest.value
  }

  /// Tensors that repeat another one, in the order of the source.
  private var tied: [(name: String, target: String, source: SourceTensor)] {
    inputs.source.catalog.compactMap { tensor in
      inputs.aliases[tensor.name].map { (tensor.name, $0, tensor) }
    }
  }

  /// The report of a file that is not written.
  func preview() throws(MomosError) -> ConversionReport {
    let provenance = plan.tensors.map { planned in
      TensorProvenance(
        tensorName: planned.name, sourceDigest: 0, className: plan.className(of: planned), bits: 0,
        relativeError: 0, outputError: hasKnownInputs(planned) ? 0 : nil,
        predictedLoss: planned.predictedLoss,
        measuredLoss: isMeasured(planned) ? 0 : nil)
    }
    let filePlan = FilePlan(
      tensors: plan.tensors.map { PlannedTensor(name: $0.name, content: content(of: $0)) }
        + tied.map { PlannedTensor(name: $0.name, content: .alias(of: $0.target)) },
      graphs: inputs.source.graphs, operatorSets: inputs.source.operatorSets,
      provenance: self.provenance(provenance))
    let byteCount = try MomosError.translating { try MomosWriter.predictedByteCount(of: filePlan) }
    return report(
      output: nil, fileByteCount: byteCount, isExact: !inputs.options.compresses, provenance: nil,
      tensorSeconds: nil, seconds: nil)
  }

  private func hasKnownInputs(_ planned: TensorPlan) -> Bool {
    !planned.parts.isEmpty && inputs.calibration?.moments(of: planned.name) != nil
  }

  /// Whether the loss through a tensor is measured once it is fitted.
  private func isMeasured(_ planned: TensorPlan) -> Bool {
    inputs.options.fit.effort == .max && inputs.measuredLoss != nil && !planned.parts.isEmpty
  }

  private func content(of planned: TensorPlan) -> PlannedTensor.Content {
    switch planned.form {
    case .dense:
      return .dense(planned.elementType, planned.shape, storedAs: nil)
    case .exact(let view, let blocking, let position):
      let rowCount = planned.matrixShape(view, blocking)[0]
      return .mosaic(
        MosaicFacts(
          elementType: planned.elementType, shape: planned.shape, view: view, blocking: blocking,
          composition: .copy,
          parts: [PartFacts(stages: [stage(position, rowCount: rowCount, use: planned.use)])]))
    case .mosaic(let view, let parts, let rowScale, let outlierCount):
      let rowCount = view.matrixShape(of: planned.shape)[0]
      let facts = parts.map { part in
        PartFacts(
          rowCount: part.rows?.count, columnCount: part.columns?.count,
          stages: part.dictionaries.map {
            stage($0, rowCount: part.rows?.count ?? rowCount, use: planned.use)
          }, rowScaleElementType: rowScale)
      }
      return .mosaic(
        MosaicFacts(
          elementType: planned.elementType, shape: planned.shape, view: view, parts: facts,
          outlierCount: outlierCount))
    }
  }

  private func stage(_ position: Int, rowCount: Int, use: WeightUse) -> StageFacts {
    let dictionary = plan.dictionaries[position]
    return StageFacts(
      dictionary: DictionaryFacts(
        identifier: position, motifCount: dictionary.motifCount, blockLength: dictionary.blockLength,
        isOverlapping: dictionary.form.isOverlapping, elementType: dictionary.elementType,
        isAntipodal: dictionary.form.isAntipodal, hasZeroMotif: dictionary.hasZeroMotif),
      layout: dictionary.layout(rowCount: rowCount, use: use))
  }

  private func write(
    _ planned: TensorPlan, with fitter: Fitter, to writer: MomosWriter
  ) throws -> TensorProvenance {
    let tensor = try inputs.source.read(planned.name)
    let fitted = try fitter.fit(tensor, as: planned)
    if let fitted {
      try writer.write(name: planned.name, mosaic: fitted.tensor)
    } else {
      try writer.write(name: planned.name, dense: tensor)
    }
    var provenance = TensorProvenance(
      tensorName: planned.name, sourceDigest: xxh3(tensor.bytes), className: plan.className(of: planned),
      bits: plan.bits(of: planned), relativeError: fitted?.metrics.relativeError ?? 0,
      predictedLoss: planned.predictedLoss)
    if hasKnownInputs(planned) { provenance.outputError = fitted?.outputError ?? 0 }
    if isMeasured(planned), let fitted, let loss = inputs.measuredLoss {
      provenance.measuredLoss = try loss.loss(replacing: [planned.name: .mosaic(fitted.tensor)])
    }
    return provenance
  }

  private func provenance(_ tensors: [TensorProvenance]) -> Provenance {
    Provenance(
      toolVersion: momosVersion, seed: inputs.options.fit.seed,
      options: inputs.options.provenanceOptions(
        calibration: inputs.calibrationDigest, initialWeights: initialWeightsDigest), tensors: tensors)
  }

  /// Of the distributions that the weights before training have; nil without such weights.
  private var initialWeightsDigest: UInt64? {
    guard inputs.options.decomposition?.initialWeights.isEmpty == false else { return nil }
    var digest = ConversionDigest()
    for found in plan.decompositions { digest.add(found.name, found.distribution) }
    return try? digest.value
  }

  private func report(
    output: String?, fileByteCount: Int, isExact: Bool, provenance: [TensorProvenance]?,
    storedBits: Double? = nil, tensorSeconds: [Double]?, seconds: Double?
  ) -> ConversionReport {
    let weights = plan.tensors.reduce(0) { $0 + $1.shape.elementCount }
    return ConversionReport(
      output: output,
      sourceByteCount: (inputs.source.catalog + inputs.source.unused).reduce(0) { $0 + $1.byteCount },
      fileByteCount: fileByteCount, isExact: isExact, bits: plan.bits, storedBits: storedBits,
      predictedLoss: plan.predictedLoss,
      fileBits: 8 * Double(fileByteCount) / Double(max(weights, 1)),
      tensors: plan.tensors.enumerated().map { position, tensor in
        tensorReport(tensor, provenance: provenance?[position], seconds: tensorSeconds?[position])
      } + tied.map { unfittedReport($0.source, "alias", reason: "has the weights of \($0.target)") }
        + inputs.source.unused.map { unfittedReport($0, "dropped", reason: "is not used by the graph") },
      seconds: seconds,
      decomposition: plan.decompositions.isEmpty ? nil : DecompositionReport(plan))
  }

  private func tensorReport(
    _ tensor: TensorPlan, provenance: TensorProvenance?, seconds: Double?
  ) -> ConversionReport.TensorReport {
    var reason: String?
    if case .dense(let why) = tensor.form { reason = why }
    return ConversionReport.TensorReport(
      name: tensor.name, elementType: tensor.elementType.name, shape: tensor.shape.dimensions,
      className: plan.className(of: tensor), reason: reason, bits: plan.bits(of: tensor),
      byteCount: plan.byteCount(of: tensor), predictedLoss: tensor.predictedLoss,
      relativeError: provenance?.relativeError,
      snrDb: provenance.flatMap {
        $0.relativeError > 0 ? ErrorMetrics.decibels(relativeError: $0.relativeError) : nil
      },
      outputError: provenance?.outputError.flatMap { $0 > 0 ? $0 : nil },
      measuredLoss: provenance?.measuredLoss, seconds: seconds)
  }

  /// A tensor of the source that takes no bytes of its own.
  private func unfittedReport(
    _ tensor: SourceTensor, _ className: String, reason: String
  ) -> ConversionReport.TensorReport {
    ConversionReport.TensorReport(
      name: tensor.name, elementType: tensor.elementType.name, shape: tensor.shape.dimensions,
      className: className, reason: reason, bits: 0, byteCount: 0, predictedLoss: nil, relativeError: nil,
      snrDb: nil, outputError: nil, measuredLoss: nil, seconds: nil)
  }
}

/// The version of this library and its commands.
public let momosVersion = "0.1.0"
