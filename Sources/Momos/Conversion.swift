public import MomosFit
import MomosFormat
import MomosInterchange
import MomosKernels
import MomosModel
import MomosRuntime

/// Converts weights, and a graph where there is one, into a `.momos` file.
///
/// `plan()` decides and refuses everything without side effects; `run` then writes. Each tensor is held alone:
/// memory stays near that of the largest one.
public struct Conversion: Sendable {
  private let options: ConversionOptions
  private let source: SourceCollection
  private let graphs: [Graph]
  private let operatorSets: [OperatorSet]

  /// Opens the sources and the graph.
  ///
  /// - Throws: for what cannot be read, for an output that is also an input, and for one that exists already
  ///   unless it may be replaced.
  public init(_ options: ConversionOptions) throws(MomosError) {
    self.options = options
    try MomosError.translating { try InstructionSet.checkEnvironment() }
    source = try MomosError.translating { try SourceCollection.open(options.sources) }
    if let path = options.graph {
      (graphs, operatorSets) = try MomosError.translating { try GraphJSON.read(path) }
    } else {
      let source = self.source
      let graph = try MomosError.translating { try source.graph() }
      (graphs, operatorSets) = (graph?.graphs ?? [], graph?.operatorSets ?? [])
    }
    guard !source.catalog.isEmpty || !graphs.isEmpty else {
      throw MomosError(.usage, "the sources hold no tensors")
    }
    try checkOutput()
  }

  private func checkOutput() throws(MomosError) {
    guard let output = options.output else { return }
    try OutputTargets.check(
      [output], inputs: source.files + (options.graph.map { [$0] } ?? []),
      overwrites: options.overwrites)
  }

  /// Decides what happens to every tensor.
  /// - Throws: for tensors that cannot be stored, and for a graph that could not be executed afterwards.
  public func plan() throws(MomosError) -> FitPlan {
    let candidates = try self.candidates()
    if !graphs.isEmpty { try checkGraph(candidates) }
    return try MomosError.translating {
      try FitPlanner(options: options.fit).plan(candidates) { try source.read($0) }
    }
  }

  private func candidates() throws(MomosError) -> [FitCandidate] {
    let patterns = try densePatterns()
    let ranks = Dictionary(uniqueKeysWithValues: source.catalog.map { ($0.name, $0.shape.rank) })
    let roles = graphs.first.map { graph in
      TensorRole.roles(in: graph) { name in
        ranks[name].map { TensorCatalogEntry(name: name, rank: $0) }
      }
    }
    return source.catalog.map { tensor in
      FitCandidate(
        name: tensor.name, elementType: tensor.elementType, shape: tensor.shape,
        role: role(of: tensor, graphRoles: roles, isKeptDense: patterns.contains { $0.matches(tensor.name) }))
    }
  }

  private func role(
    of tensor: SourceTensor, graphRoles: [String: TensorRole]?, isKeptDense: Bool
  ) -> FitRole {
    if isKeptDense { return .dense(reason: "--dense") }
    if let graphRoles {
      switch graphRoles[tensor.name] {
      case .linear(let view): return .linear(view)
      case .dense(let reason): return .dense(reason: reason)
      case nil: return .dense(reason: "is not used by the graph")
      }
    }
    guard tensor.shape.rank >= 2 else { return .dense(reason: "is not a matrix") }
    return .linear(options.inputAxis.view(rank: tensor.shape.rank))
  }

  private func densePatterns() throws(MomosError) -> [NamePattern] {
    var patterns: [NamePattern] = []
    for pattern in options.densePatterns { patterns.append(try NamePattern(pattern)) }
    return patterns
  }

  /// Plans the graph over tensors of the right shapes, so that nothing is written that could not be executed.
  private func checkGraph(_ candidates: [FitCandidate]) throws(MomosError) {
    try MomosError.translating {
      var model = Model(graphs: graphs, operatorSets: operatorSets)
      for candidate in candidates {
        let content: TensorContent =
          if case .linear(let view) = candidate.role {
            .mosaic(try hollowMosaic(of: candidate, view: view))
          } else {
            .dense(try source.read(candidate.name))
          }
        model.tensors.append(NamedTensor(name: candidate.name, content: content))
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
    return MosaicTensor(elementType: .float32, shape: candidate.shape, view: view, parts: [part])
  }

  /// The file that `run` would write, without writing it.
  public func preview(_ plan: FitPlan) throws(MomosError) -> ConversionReport {
    try ConversionWork(self, plan: plan).preview()
  }

  /// Writes the file.
  ///
  /// - Parameters:
  ///   - plan: from `plan()`.
  ///   - progress: called from the calling thread with the share of the work that is done, 0 to 1.
  public func run(
    _ plan: FitPlan, progress: (Double) -> Void = { _ in }
  ) throws(MomosError) -> ConversionReport {
    guard let output = options.output else { throw MomosError(.usage, "no output file is named") }
    return try ConversionWork(self, plan: plan).write(to: output, progress: progress)
  }

  /// What the work needs of a conversion.
  struct Inputs {
    let options: ConversionOptions
    let source: SourceCollection
    let graphs: [Graph]
    let operatorSets: [OperatorSet]
  }

  var inputs: Inputs {
    Inputs(options: options, source: source, graphs: graphs, operatorSets: operatorSets)
  }
}

/// A regular expression that names tensors.
private struct NamePattern {
  private let expression: Regex<AnyRegexOutput>

  init(_ pattern: String) throws(MomosError) {
    do {
      expression = try Regex(pattern)
    } catch {
      throw MomosError(.usage, "'\(pattern)' is not a regular expression")
    }
  }

  /// True if the whole name matches.
  func matches(_ name: String) -> Bool {
    (try? expression.wholeMatch(in: name)) != nil
  }
}
