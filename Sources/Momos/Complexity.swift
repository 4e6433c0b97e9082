import MomosFormat
import MomosInterchange
public import MomosMetrics
import MomosModel

/// Measures how complex the weights of a `.momos` file or of any source are.
///
/// All floating-point tensors with weights count, in their order; those that repeat another one count once. Each is held
/// alone.
public struct Complexity: Sendable {
  private let path: String

  /// - Parameter path: a `.momos` file, or a source in the spellings of `momos-convert`.
  public init(path: String) {
    self.path = path
  }

  /// Loads every such tensor.
  public func report() throws(MomosError) -> ComplexityReport {
    if path.hasSuffix(".momos") { return try storedReport() }
    let source = try SourceModel(sources: [path])
    var work = Work()
    for tensor in source.catalog where tensor.elementType.isFloatingPoint && tensor.shape.elementCount > 0 {
      try work.add(source.read(tensor.name), name: tensor.name)
    }
    return work.report(path)
  }

  private func storedReport() throws(MomosError) -> ComplexityReport {
    try MomosError.translating(in: path) {
      let reader = try MomosReader(path: path)
      var work = Work()
      for entry in reader.tensors where entry.elementType.isFloatingPoint && entry.shape.elementCount > 0 {
        switch try reader.load(entry.name) {
        case .dense(let tensor): try work.add(tensor, name: entry.name)
        case .mosaic(let mosaic): try work.add(mosaic, name: entry.name)
        case .alias: continue
        }
      }
      for dictionary in reader.dictionaries {
        work.length.add(
          dictionaryOf: dictionary.isAntipodal ? dictionary.motifCount / 2 : dictionary.motifCount,
          motifLength: dictionary.isOverlapping ? 2 * dictionary.blockLength : dictionary.blockLength,
          elementType: dictionary.elementType)
      }
      return work.report(path)
    }
  }

  private struct Work {
    var meter = ComplexityMeter()
    var length = DescriptionLength()
    var tensors: [ComplexityReport.TensorReport] = []

    mutating func add(_ tensor: Tensor, name: String) throws(MomosError) {
      length.add(tensor)
      try measure(tensor, name: name)
    }

    mutating func add(_ mosaic: MosaicTensor, name: String) throws(MomosError) {
      length.add(mosaic)
      let dense = try MomosError.translating { try TensorContent.mosaic(mosaic).dense() }
      try measure(dense, name: name)
    }

    private mutating func measure(_ tensor: Tensor, name: String) throws(MomosError) {
      let complexity = try MomosError.translating { try meter.add(tensor) }
      tensors.append(
        ComplexityReport.TensorReport(
          name: name, elementType: tensor.elementType.name, shape: tensor.shape.dimensions,
          complexity: complexity))
    }

    func report(_ path: String) -> ComplexityReport {
      ComplexityReport(path: path, description: length, total: meter.total, tensors: tensors)
    }
  }
}

/// How complex weights are.
public struct ComplexityReport: Report, Sendable {
  public struct TensorReport: Encodable, Sendable {
    public let name: String
    public let elementType: String
    public let shape: [Int]
    public let complexity: WeightComplexity
  }

  public let path: String
  public let description: DescriptionLength
  public let total: WeightComplexity
  public let tensors: [TensorReport]

  /// The description lengths, then a line for each tensor and one for all.
  public var text: String {
    "\(path.printable): \(total.weightCount.grouped) weights\n\n\(descriptionText)\n\n\(tensorText)"
  }

  private var descriptionText: String {
    let isMosaic = description.mosaicBits + description.dictionaryBits > 0
    var table = TextTable([("description length, bits", .left), ("", .right), ("per weight", .right)])
    func add(_ name: String, _ bits: Double) {
      let perWeight = total.weightCount > 0 ? bits / Double(total.weightCount) : 0
      table.add([name, Int(bits.rounded()).grouped, perWeight.text(decimals: 3)])
    }
    add("dense: n b + shapes", Double(description.denseBits))
    guard isMosaic else { return table.text }
    add("as a mosaic", Double(description.totalBits))
    add("  dictionaries: sum of k m b + 128", Double(description.dictionaryBits))
    add("  mosaics: sum of B ceil(log2 k)", Double(description.mosaicBits))
    add("  mosaics at their entropy", description.mosaicEntropyBits)
    if description.rowScaleBits > 0 { add("  row scales", Double(description.rowScaleBits)) }
    if description.outlierBits > 0 { add("  outliers", Double(description.outlierBits)) }
    if description.denseTensorBits > 0 { add("  tensors kept dense", Double(description.denseTensorBits)) }
    add("  shapes: 64 for each dimension", Double(description.shapeBits))
    return table.text
  }

  private var tensorText: String {
    var table = TextTable([
      ("tensor", .left), ("type", .left), ("shape", .left), ("zero", .right), ("L2 norm", .right),
      ("zlib", .right), ("zstd", .right), ("signs zlib", .right), ("signs zstd", .right), ("BDM", .right),
      ("BDM/weight", .right),
    ])
    func add(_ name: String, _ type: String, _ shape: String, _ complexity: WeightComplexity) {
      let rates = [
        complexity.zlibRate, complexity.zstdRate, complexity.signZlibRate, complexity.signZstdRate,
      ]
      let facts = [
        name, type, shape, complexity.sparsity.text(decimals: 3), complexity.l2Norm.text(decimals: 3),
      ]
      table.add(
        facts
          + rates.map { $0.map { $0.text(decimals: 3) } ?? "" }
          + [
            complexity.blockDecomposition.text(decimals: 1),
            complexity.blockDecompositionPerWeight.text(decimals: 3),
          ])
    }
    for tensor in tensors {
      add(
        tensor.name, tensor.elementType, tensor.shape.map(String.init).joined(separator: "x"),
        tensor.complexity)
    }
    add("all", "", "", total)
    return table.text
  }
}
