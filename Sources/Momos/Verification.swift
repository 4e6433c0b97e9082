import MomosFormat
import MomosInterchange
import MomosKernels
import MomosMetrics
import MomosModel

/// Compares a `.momos` file with its source, and what it executes with what its weights say.
///
/// - Every digest, index and value of the file is checked.
/// - Each tensor is compared with the source's, where there is a source: it must be the one that the file was made
///   from and as close as recorded, unless thresholds say what is close enough.
/// - Each mosaic is multiplied by random vectors and compared with its reconstructed weights in float64.
/// - With inputs, the graph is executed from the mosaics, from the reconstructed and from the source's weights.
public struct Verification: Sendable {
  private let options: VerificationOptions
  private let reader: MomosReader
  private let source: SourceModel?

  /// Opens the file and the sources.
  ///
  /// - Throws: for what cannot be read, and kind `usage` for options that need another one: labels and a graph inputs, an accuracy
  ///   labels, other thresholds a source. Thresholds outside their range are found by `VerificationOptions.validate`.
  public init(_ options: VerificationOptions) throws(MomosError) {
    self.options = options
    reader = try MomosError.translating(in: options.file) {
      try MomosReader(path: options.file, load: options.session.load)
    }
    source = options.sources.isEmpty ? nil : try SourceModel(sources: options.sources)
    guard options.labels == nil || !options.inputs.isEmpty else {
      throw MomosError(.usage, "labels need inputs, to be compared with an output")
    }
    guard options.minimumAccuracy == nil || options.labels != nil else {
      throw MomosError(.usage, "--min-accuracy needs --labels")
    }
    guard !options.boundsSourceError || source != nil else {
      throw MomosError(.usage, "a threshold on cosine, error or SNR needs a SOURCE to compare with")
    }
    guard options.graph == nil || !options.inputs.isEmpty else {
      throw MomosError(.usage, "a graph needs inputs, to be executed")
    }
  }

  /// Refuses a file that is to be written beside the verification: one that is read by it, and what no file can replace.
  public func checkOutput(_ path: String, overwrites: Bool = false) throws(MomosError) {
    let read =
      [options.file, options.graph, options.labels].compactMap { $0 } + options.inputs.values.sorted()
    try OutputTargets.check([path], inputs: (source?.files ?? []) + read, overwrites: overwrites)
  }

  /// - Parameter progress: called with the share of the work that is done, 0 to 1.
  public func run(progress: Progress = { _ in }) throws(MomosError) -> VerificationReport {
    try checkNames()
    var failures: [String] = []
    var tensors: [VerificationReport.TensorReport] = []
    let pool = options.session.makePool()
    let recorded = Dictionary(
      reader.provenance.tensors.map { ($0.tensorName, $0) }, uniquingKeysWith: { $1 })
    // The target of an alias is a tensor of its own; the source may hold other values under the alias's name.
    let sourceNames = Set(source?.catalog.map(\.name) ?? [])
    for (position, entry) in reader.tensors.enumerated()
    where entry.kind != .alias || sourceNames.contains(entry.name) {
      let check = TensorCheck(
        entry: entry, recorded: recorded[entry.name], options: options, pool: pool)
      let (report, missed) = try check.run(reader: reader, source: source)
      tensors.append(report)
      failures += missed
      try progress(Double(position + 1) / Double(reader.tensors.count + 1))
    }
    var executed = OutputCheckResult()
    if !options.inputs.isEmpty {
      executed = try OutputCheck(options: options).run(reader: reader, source: source)
      failures += executed.failures
    }
    try progress(1)
    return VerificationReport(
      file: options.file, precision: options.session.precision.rawValue, tensors: tensors,
      layers: executed.layers, outputs: executed.outputs, failures: failures)
  }

  /// Source and file must hold the same tensors.
  private func checkNames() throws(MomosError) {
    guard let source else { return }
    let found = Set(reader.tensors.map(\.name))
    let expected = Set(source.catalog.map(\.name))
    if let missing = source.catalog.first(where: { !found.contains($0.name) }) {
      throw MomosError(.badData, "'\(options.file)' lacks the source's tensor '\(missing.name)'")
    }
    if let extra = reader.tensors.first(where: { !expected.contains($0.name) && $0.kind != .alias }) {
      throw MomosError(.badData, "the sources lack the tensor '\(extra.name)' of '\(options.file)'")
    }
  }
}
