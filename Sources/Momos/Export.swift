import MomosFit
import MomosFormat
import MomosInterchange
import MomosModel

/// Writes the tensors of a `.momos` file, mosaics reconstructed, and its graph into a file of another format.
public struct Export: Sendable {
  /// By the end of the file's name.
  public enum Format: String, Sendable, CaseIterable {
    /// Tensors; bf16, which npy lacks, as f32.
    case npz
    /// Tensors.
    case safetensors
    /// Tensors and graph.
    case onnx

    /// nil for other endings.
    public init?(path: String) {
      guard let format = Self.allCases.first(where: { path.lowercased().hasSuffix(".\($0.rawValue)") }) else {
        return nil
      }
      self = format
    }
  }

  private let file: ModelFile
  private let output: String
  private let format: Format

  /// Opens the file and checks that the output can be written.
  public init(_ path: String, to output: String, overwrites: Bool = false) throws(MomosError) {
    guard let format = Format(path: output) else {
      throw MomosError(.usage, "'\(output)': expected a name that ends in .npz, .safetensors or .onnx")
    }
    self.format = format
    self.output = output
    file = try ModelFile(path: path)
    guard format != .onnx || !file.reader.graphs.isEmpty else {
      throw MomosError(
        .badData, "'\(path)' has no graph, which ONNX needs; .npz and .safetensors hold weights alone")
    }
    if format == .onnx { try SubgraphNesting.check(file.reader.graphs, in: path) }
    let byteCount = try SourceTensors(file, format: format).written.map(\.byteCount).saturatingSum
    // A small file may claim any number of weights.
    guard byteCount < Int.max / 2 else {
      throw MomosError(.system, "'\(path)': expected tensors that fit into a file, found 2^62 bytes or more")
    }
    let hasDataFile = format == .onnx && byteCount > ONNXWriter.maximumInlineByteCount
    try OutputTargets.check(
      [output] + (hasDataFile ? [ONNXWriter.dataPath(of: output)] : []), inputs: [path],
      overwrites: overwrites)
  }

  /// What a conversion from a `.momos` file is.
  ///
  /// - Throws: for options that only a conversion to one has.
  public init(_ options: ConversionOptions) throws(MomosError) {
    guard let output = options.output, options.isExport else {
      throw MomosError(.usage, "-o FILE.npz, FILE.safetensors or FILE.onnx is missing")
    }
    guard options.graph == nil, options.calibration.isEmpty, options.savedCalibration == nil,
      !options.resumes,
      options.plan == nil, options.savedPlan == nil, options.densePatterns.isEmpty, options.compresses,
      options.inputAxis == .last, options.decomposition == nil, options.fit == (try FitChoice().options())
    else {
      throw MomosError(
        .usage,
        "a .momos file is written to another format as it is: only -o, --force, --json and --quiet go with it"
      )
    }
    try self.init(options.sources[0], to: output, overwrites: options.overwrites)
  }

  /// - Parameter progress: called with the share of the tensors that are written, 0 to 1.
  public func run(progress: Progress = { _ in }) throws(MomosError) -> ExportReport {
    let tensors = try SourceTensors(file, format: format)
    switch format {
    case .npz: try writeNPZ(tensors.written, progress)
    case .safetensors: try writeSafetensors(tensors.written, progress)
    case .onnx: try writeONNX(tensors, progress)
    }
    return ExportReport(
      output: output, tensorCount: tensors.written.count,
      byteCount: tensors.written.reduce(0) { $0 + $1.byteCount })
  }

  private func writeNPZ(_ tensors: [SourceTensor], _ progress: Progress) throws(MomosError) {
    try MomosError.translating {
      var writer = try NPZWriter(path: output)
      for (number, tensor) in tensors.enumerated() {
        let values = try dense(tensor.name)
        let writable =
          values.elementType == .bfloat16 ? try Tensor(values.floats(), shape: values.shape) : values
        try writer.add(writable, name: tensor.name)
        try progress(Double(number + 1) / Double(tensors.count))
      }
      try writer.finish()
    }
  }

  private func writeSafetensors(_ tensors: [SourceTensor], _ progress: Progress) throws(MomosError) {
    try MomosError.translating {
      var writer = try SafetensorsWriter(path: output, tensors: tensors)
      for (number, tensor) in SafetensorsWriter.sorted(tensors).enumerated() {
        try writer.add(dense(tensor.name))
        try progress(Double(number + 1) / Double(tensors.count))
      }
      try writer.finish()
    }
  }

  private func writeONNX(_ tensors: SourceTensors, _ progress: Progress) throws(MomosError) {
    var attributes: [String: Tensor] = [:]
    for name in tensors.attributes { attributes[name] = try dense(name) }
    try MomosError.translating { [attributes] in
      var writer = try ONNXWriter.create(
        path: output, graphs: tensors.graphs, operatorSets: file.reader.operatorSets,
        tensors: tensors.written,
        producerVersion: momosVersion, attributeTensors: attributes)
      for (number, tensor) in tensors.written.enumerated() {
        try writer.add(dense(tensor.name))
        try progress(Double(number + 1) / Double(tensors.written.count))
      }
      try writer.finish()
    }
  }

  private func dense(_ name: String) throws(MomosError) -> Tensor { try file.tensor(name).dense() }
}

extension ConversionOptions {
  /// Whether the source is a `.momos` file and the output one of another format.
  public var isExport: Bool {
    sources.count == 1 && sources[0].hasSuffix(".momos") && output.flatMap(Export.Format.init(path:)) != nil
  }
}

/// What an export wrote.
public struct ExportReport: Report, Sendable {
  public let output: String
  public let tensorCount: Int
  /// Bytes of the tensors' elements.
  public let byteCount: Int

  public var text: String {
    "\(output.printable): \(tensorCount.grouped) tensors, \(byteCount.grouped) bytes of dense values"
  }
}

/// Which tensors of a file an export writes, and the graphs that refer to them.
private struct SourceTensors {
  let written: [SourceTensor]
  /// Names of those that stand in a node.
  let attributes: Set<String>
  let graphs: [Graph]

  init(_ file: ModelFile, format: Export.Format) throws(MomosError) {
    var tensors: [SourceTensor] = []
    let aliases = Dictionary(
      file.tensors.compactMap { entry in entry.aliasTarget.map { (entry.name, $0) } },
      uniquingKeysWith: { $1 })
    let outputs = Set(file.reader.graphs.flatMap { $0.outputs.map(\.name) })
    let attributes = file.reader.graphs.reduce(into: Set<String>()) {
      $0.formUnion($1.namesOfAttributeTensors)
    }
    let used = file.reader.graphs.reduce(into: outputs) { $0.formUnion($1.nodes.flatMap(\.inputs)) }
    for entry in file.tensors {
      if format == .onnx {
        // Nodes take what an alias repeats; a tensor that is only an attribute stands in its node.
        if aliases[entry.name] != nil, !outputs.contains(entry.name) { continue }
        if attributes.contains(entry.name), !used.contains(entry.name) { continue }
      }
      tensors.append(SourceTensor(name: entry.name, elementType: entry.elementType, shape: entry.shape))
    }
    written = tensors
    self.attributes = attributes
    graphs = Graph.exported(file.reader.graphs, aliases)
  }
}

extension Graph {
  fileprivate var namesOfAttributeTensors: [String] {
    nodes.flatMap { node in
      node.attributes.compactMap { if case .tensor(let name) = $0.value { name } else { nil } }
    }
  }
}
