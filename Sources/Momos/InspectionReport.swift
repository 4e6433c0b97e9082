import MomosFormat
public import MomosModel

/// What a `.momos` file holds.
public struct InspectionReport: Report, Sendable {
  /// One tensor of the file.
  public struct TensorReport: Codable, Sendable {
    public let name: String
    public let elementType: String
    public let shape: [Int]
    /// "mosaic", "dense" or "alias".
    public let kind: String
    /// The form of a mosaic such as "s4k256", the target of an alias.
    public let form: String?
    /// `[rows, columns]` of a mosaic's matrix view.
    public let matrixShape: [Int]?
    /// How the matrix arises: "permutation [1, 0], 1 row axis", or "flat".
    public let view: String?
    public let weightCount: Int
    /// Bytes in the file, dictionaries not included.
    public let storedByteCount: Int
    /// Bytes when loaded, dictionaries not included.
    public let loadedByteCount: Int
    /// Bits per weight in the file, the tensor's share of its dictionaries included; nil for aliases.
    public let bits: Double?
    /// |stored - source| / |source| as the conversion recorded it.
    public let recordedRelativeError: Double?
    /// The relative error of what the tensor makes of calibration inputs, as recorded; nil where it is not known.
    public let recordedOutputError: Double?
    /// What the outputs were expected to lose through the tensor, 1 - cosine, as recorded.
    public let recordedPredictedLoss: Double?
    /// The same, measured.
    public let recordedMeasuredLoss: Double?
  }

  public struct DictionaryReport: Codable, Sendable {
    public let number: Int
    public let motifCount: Int
    public let blockLength: Int
    public let elementType: String
    public let isAntipodal: Bool
    public let isOverlapping: Bool
    public let hasZeroMotif: Bool
    public let storedByteCount: Int
  }

  public struct GraphReport: Codable, Sendable {
    public let name: String
    public let nodeCount: Int
    public let inputs: [String]
    public let outputs: [String]
  }

  public let path: String
  public let formatVersion: String
  public let fileByteCount: Int
  public let headerByteCount: Int
  /// Bytes of the dense source values.
  public let sourceByteCount: Int
  /// Bits per fitted weight as stored in the file; nil if nothing is fitted.
  public let bits: Double?
  /// Bits per fitted weight when loaded; larger where sections are compressed.
  public let loadedBits: Double?
  /// 8 * file bytes / weights.
  public let fileBits: Double
  public let tensors: [TensorReport]
  public let dictionaries: [DictionaryReport]
  public let graph: GraphReport?
  public let provenance: Provenance
  /// True if every tensor was loaded and checked.
  public let isChecked: Bool
}

extension InspectionReport {
  init(path: String, reader: MomosReader, isChecked: Bool) {
    self.path = path
    self.isChecked = isChecked
    formatVersion = reader.version
    fileByteCount = reader.byteCount
    headerByteCount = reader.headerByteCount
    provenance = reader.provenance
    let shares = DictionaryShares(reader.tensors)
    let recorded = Dictionary(
      reader.provenance.tensors.map { ($0.tensorName, $0) }, uniquingKeysWith: { $1 })
    tensors = reader.tensors.map { TensorReport($0, shares: shares, recorded: recorded[$0.name]) }
    dictionaries = reader.dictionaries.map(DictionaryReport.init)
    graph = reader.graphs.first.map { graph in
      GraphReport(
        name: graph.name, nodeCount: graph.nodes.count, inputs: graph.inputs.map(\.name),
        outputs: graph.outputs.map(\.name))
    }
    let fitted = reader.tensors.filter { $0.kind == .mosaic }
    let fittedWeights = fitted.map(\.shape.elementCount).saturatingSum
    let dictionarySections = reader.dictionaries.map(\.section)
    let stored = (fitted.flatMap(\.sections) + dictionarySections).reduce(0) { $0 + $1.storedByteCount }
    let loaded = (fitted.flatMap(\.sections) + dictionarySections).reduce(0) { $0 + $1.rawByteCount }
    bits = fittedWeights > 0 ? 8 * Double(stored) / Double(fittedWeights) : nil
    loadedBits = fittedWeights > 0 ? 8 * Double(loaded) / Double(fittedWeights) : nil
    let unaliased = reader.tensors.filter { $0.kind != .alias }
    let weights = unaliased.map(\.shape.elementCount).saturatingSum
    sourceByteCount = unaliased.map { $0.shape.elementCount * $0.elementType.byteCount }.saturatingSum
    fileBits = 8 * Double(fileByteCount) / Double(max(weights, 1))
  }

  /// The summary.
  public var text: String {
    let count = { (kind: String) in tensors.count { $0.kind == kind } }
    let share = Double(fileByteCount) / Double(max(sourceByteCount, 1)) * 100
    var lines = [
      "\(path): momos \(formatVersion), \(fileByteCount.grouped) bytes, \(share.text(decimals: 1)) % of "
        + "\(sourceByteCount.grouped) dense"
    ]
    lines.append(
      "tensors: \(count("mosaic")) mosaic, \(count("dense")) dense, \(count("alias")) alias; "
        + "dictionaries: \(dictionaries.count)")
    if let bits, let loadedBits {
      lines.append(
        "bits per fitted weight: \(bits.text(decimals: 2)) in the file, "
          + "\(loadedBits.text(decimals: 2)) loaded; \(fileBits.text(decimals: 2)) with everything")
    }
    if let graph {
      lines.append(
        "graph: \(graph.name.isEmpty ? "unnamed" : graph.name), \(graph.nodeCount) nodes, "
          + "inputs \(graph.inputs.joined(separator: ", ")), outputs \(graph.outputs.joined(separator: ", "))"
      )
    } else {
      lines.append("graph: none")
    }
    if !provenance.toolVersion.isEmpty {
      let options = provenance.options.map { " \($0.name)=\($0.value)" }.joined()
      lines.append("made by: momos \(provenance.toolVersion), seed \(provenance.seed),\(options)")
    }
    if isChecked { lines.append("checked: every digest, index and value") }
    return lines.map(\.printable).joined(separator: "\n")
  }

  /// One line for each tensor and each dictionary.
  public var tensorText: String {
    var table = TextTable([
      ("tensor", .left), ("type", .left), ("shape", .left), ("kind", .left), ("form", .left),
      ("bits", .right), ("bytes", .right), ("rel. error", .right), ("output error", .right), ("loss", .right),
      ("view", .left),
    ])
    for tensor in tensors {
      table.add([
        tensor.name, tensor.elementType, tensor.shape.map(String.init).joined(separator: "x"), tensor.kind,
        tensor.form ?? "", tensor.bits.map { $0.text(decimals: 2) } ?? "", tensor.storedByteCount.grouped,
        tensor.kind == "mosaic" ? tensor.recordedRelativeError.map(\.shortText) ?? "" : "",
        tensor.recordedOutputError.map(\.shortText) ?? "",
        (tensor.recordedMeasuredLoss ?? tensor.recordedPredictedLoss).map(\.shortText) ?? "",
        tensor.view ?? "",
      ])
    }
    guard !dictionaries.isEmpty else { return table.text }
    var dictionaryTable = TextTable([
      ("dictionary", .left), ("type", .left), ("motifs", .right), ("block", .right), ("bytes", .right),
      ("", .left),
    ])
    for dictionary in dictionaries {
      let facts = [
        dictionary.isAntipodal ? "antipodal" : nil, dictionary.isOverlapping ? "overlapping" : nil,
        dictionary.hasZeroMotif ? "zero motif" : nil,
      ].compactMap { $0 }
      dictionaryTable.add([
        "\(dictionary.number)", dictionary.elementType, dictionary.motifCount.grouped,
        "\(dictionary.blockLength)", dictionary.storedByteCount.grouped, facts.joined(separator: ", "),
      ])
    }
    return table.text + "\n\n" + dictionaryTable.text
  }
}

extension [Int] {
  /// The sum, or the largest integer if that is less: tensors may claim any number of weights each.
  var saturatingSum: Int {
    reduce(0) { sum, value in
      let (next, overflow) = sum.addingReportingOverflow(value)
      return overflow ? .max : next
    }
  }
}

extension InspectionReport.DictionaryReport {
  fileprivate init(_ entry: DictionaryEntry) {
    number = entry.number
    motifCount = entry.motifCount
    blockLength = entry.blockLength
    elementType = entry.elementType.name
    isAntipodal = entry.isAntipodal
    isOverlapping = entry.isOverlapping
    hasZeroMotif = entry.hasZeroMotif
    storedByteCount = entry.section.storedByteCount
  }
}

extension InspectionReport.TensorReport {
  fileprivate init(_ entry: TensorEntry, shares: DictionaryShares, recorded: TensorProvenance?) {
    name = entry.name
    elementType = entry.elementType.name
    shape = entry.shape.dimensions
    kind = entry.kind.rawValue
    weightCount = entry.shape.elementCount
    storedByteCount = entry.storedByteCount
    loadedByteCount = entry.rawByteCount
    recordedRelativeError = recorded?.relativeError
    recordedOutputError = recorded?.outputError.flatMap { $0 > 0 ? $0 : nil }
    recordedPredictedLoss = recorded?.predictedLoss
    recordedMeasuredLoss = recorded?.measuredLoss
    matrixShape = entry.mosaic?.matrixShape.dimensions
    form = entry.mosaic.map(Self.formText) ?? entry.aliasTarget.map { "= \($0)" }
    view = entry.mosaic.map(Self.viewText)
    let bytes = Double(entry.storedByteCount) + shares.byteCount(of: entry)
    bits = entry.kind == .alias || weightCount == 0 ? nil : 8 * bytes / Double(weightCount)
  }

  private static func formText(_ mosaic: MosaicEntry) -> String {
    let forms = mosaic.parts.map { part in
      part.stages.map { stage in
        "\(stage.dictionary.isOverlapping ? "overlapping " : "")s\(stage.dictionary.blockLength)"
          + "k\(stage.dictionary.motifCount)"
      }.joined(separator: " + ")
    }
    let outliers = mosaic.outlierCount > 0 ? ", \(mosaic.outlierCount) outliers" : ""
    let exact = mosaic.composition == .copy ? "exact " : ""
    return exact + (forms.count == 1 ? forms[0] : "\(forms.count) parts, first \(forms[0])") + outliers
  }

  private static func viewText(_ mosaic: MosaicEntry) -> String {
    if mosaic.blocking == .flat { return "flat" }
    let shape = mosaic.matrixShape.dimensions.map(String.init).joined(separator: "x")
    if mosaic.view.isIdentity { return shape }
    return "\(shape), axes \(mosaic.view.permutation.map(String.init).joined(separator: " "))"
  }
}

/// The bytes of dictionaries, divided among the tensors that use them by their weights.
private struct DictionaryShares {
  private var weightCounts: [Int: Double] = [:]

  init(_ tensors: [TensorEntry]) {
    for tensor in tensors {
      for dictionary in tensor.dictionaries {
        weightCounts[dictionary.number, default: 0] += Double(tensor.shape.elementCount)
      }
    }
  }

  func byteCount(of tensor: TensorEntry) -> Double {
    tensor.dictionaries.reduce(0) { sum, dictionary in
      let weights = weightCounts[dictionary.number, default: 1]
      return sum + Double(dictionary.section.storedByteCount) * Double(tensor.shape.elementCount) / weights
    }
  }
}
