import MomosFit
import MomosFormat
import MomosModel

/// Which parts matrices have, and how many of their weights are zero by decision.
public struct DecompositionReport: Report, Sendable {
  public struct Part: Codable, Sendable {
    public let rowCount: Int
    public let columnCount: Int
    /// Ascending; nil means all.
    public let rows: [Int]?
    /// Ascending; nil means all.
    public let columns: [Int]?
    /// The share of blocks that are the zero motif in every stage.
    public let zeroShare: Double
    /// The probability of so much evidence without meaning; nil where it is not known.
    public let probability: Double?
    /// The level at which blocks were annealed; nil where none were, or where it is not known.
    public let level: Double?
  }

  /// Rows and columns that pairs which are active together couple.
  public struct CoupledPart: Codable, Sendable {
    /// Ascending.
    public let rows: [Int]
    /// Ascending.
    public let columns: [Int]
  }

  /// How the weights' view of a matrix agrees with what is active together on the samples.
  public struct Agreement: Codable, Sendable {
    /// Vectors of inputs that were looked at.
    public let sampleCount: Int
    /// Pairs of outputs and inputs that are active together more often than by chance.
    public let coactivationCount: Int
    public let coupledParts: [CoupledPart]
    /// Weights that are significant by themselves.
    public let edgeCount: Int
    /// Those of them whose output and input are active together.
    public let confirmedEdgeCount: Int
    /// Parts that both views have.
    public let commonPartCount: Int
    /// Significant weights across parts, before parts became one.
    public let bridgeCount: Int
    /// Those of them that are in use: they make parts one.
    public let confirmedBridgeCount: Int
  }

  /// What the tests said of one matrix.
  public struct Findings: Codable, Sendable {
    /// The null hypothesis: how the weights were drawn, and how that is known.
    public let initialization: String
    /// Parts that were found, whether or not they are stored.
    public let foundPartCount: Int
    /// The other matrix of a feed-forward pair that was tested as one; nil where the matrix was by itself.
    public let partner: String?
    /// False if more than one was found and leaving out what lies across them costs too much, or is in use on the samples.
    public let isFollowed: Bool
    /// Whether what lies across parts has parts of its own then, with bits of its own.
    public let keepsBridges: Bool
    /// Significant weights that no part holds.
    public let strayEdgeCount: Int
    /// nil without samples.
    public let agreement: Agreement?
    /// Of a square matrix as the graph between the states before and after it: strongly connected components of at least
    /// two states.
    public let stronglyConnectedCount: Int?
    /// What decided which blocks are zero: `statistical` or `perturbation`.
    public let annealing: String
    /// The share of the squares of the weights that is left out.
    public let energyLoss: Double
    /// What the outputs lose through it on the samples, 1 - cosine; nil without samples.
    public let outputLoss: Double?
  }

  /// One product of the tensor with a batch of vectors.
  public struct Speed: Codable, Sendable {
    public let batch: Int
    public let threadCount: Int
    /// Without parts.
    public let wholeSeconds: Double
    /// As it is stored.
    public let seconds: Double
    /// How many times as fast.
    public var ratio: Double { wholeSeconds / seconds }
  }

  public struct TensorReport: Codable, Sendable {
    public let name: String
    public let matrixShape: [Int]
    public let parts: [Part]
    /// The share of weights in no part or in zero blocks.
    public let annealedShare: Double
    /// nil of a file, which does not hold them.
    public let findings: Findings?
    /// Empty unless they were measured.
    public var speeds: [Speed] = []
  }

  public internal(set) var tensors: [TensorReport]

  /// What a plan decided.
  init(_ plan: FitPlan) { tensors = plan.decompositions.map(TensorReport.init) }

  /// What a file holds.
  init(_ reader: MomosReader) throws {
    tensors = try reader.tensors.filter { $0.kind == .mosaic }.compactMap { entry in
      guard case .mosaic(let mosaic) = try reader.resolve(entry.name) else { return nil }
      return TensorReport(name: entry.name, mosaic)
    }
  }

  public var text: String { tensors.map(\.text).joined(separator: "\n") }
}

extension DecompositionReport.TensorReport {
  fileprivate init(_ found: TensorDecomposition) {
    self.init(
      name: found.name, matrixShape: found.matrix.dimensions,
      parts: found.parts.map { part in
        DecompositionReport.Part(
          rowCount: part.rows?.count ?? found.matrix[0],
          columnCount: part.columns?.count ?? found.matrix[1], rows: part.rows, columns: part.columns,
          zeroShare: 1 - (part.annealing?.supportedShare ?? 1),
          probability: found.structure.parts.first { $0.rows == part.rows }?.probability,
          level: part.level)
      }, annealedShare: found.annealedShare,
      findings: DecompositionReport.Findings(
        initialization: "\(found.distribution)", foundPartCount: found.structure.parts.count,
        partner: found.partner,
        isFollowed: found.followsStructure, keepsBridges: found.keepsBridges,
        strayEdgeCount: found.structure.strayEdgeCount,
        agreement: found.agreement.map(DecompositionReport.Agreement.init),
        stronglyConnectedCount: found.stronglyConnectedCount, annealing: found.annealing.rawValue,
        energyLoss: found.energyLoss,
        outputLoss: found.outputLoss))
  }

  fileprivate init(name: String, _ mosaic: MosaicTensor) {
    let matrix = mosaic.matrixShape
    let parts = mosaic.parts.map { part in
      DecompositionReport.Part(
        rowCount: part.rows?.count ?? matrix[0], columnCount: part.columns?.count ?? matrix[1],
        rows: part.rows, columns: part.columns, zeroShare: part.zeroShare, probability: nil, level: nil)
    }
    let kept = parts.reduce(0.0) {
      $0 + Double($1.rowCount * $1.columnCount) * (1 - $1.zeroShare)
    }
    self.init(
      name: name, matrixShape: matrix.dimensions, parts: parts,
      annealedShare: 1 - kept / Double(max(matrix.elementCount, 1)), findings: nil)
  }

  fileprivate var text: String {
    let size = matrixShape.map(String.init).joined(separator: " x ")
    let count = "\(parts.count) part\(parts.count == 1 ? "" : "s")"
    var lines = ["\(name.printable): \(size), \(count), \((100 * annealedShare).text(decimals: 1)) % zero"]
    if let findings { lines += findings.lines }
    for part in parts where parts.count > 1 || part.zeroShare > 0 {
      lines.append(
        "  \(part.rowCount) x \(part.columnCount), \((100 * part.zeroShare).text(decimals: 1)) % zero blocks"
          + (part.level.map { ", level \($0.shortText)" } ?? "")
          + (part.probability.map { ", p = \($0.shortText)" } ?? ""))
    }
    for speed in speeds {
      lines.append(
        "  batch \(speed.batch): \((1e6 * speed.seconds).text(decimals: 1)) us, "
          + "\((1e6 * speed.wholeSeconds).text(decimals: 1)) us without parts, "
          + "\(speed.ratio.text(decimals: 2)) times as fast on \(speed.threadCount) threads")
    }
    return lines.joined(separator: "\n")
  }
}

extension DecompositionReport.Agreement {
  fileprivate init(_ found: StructureAgreement) {
    self.init(
      sampleCount: found.sampleCount, coactivationCount: found.coactivationCount,
      coupledParts: found.coupledParts.map {
        DecompositionReport.CoupledPart(rows: $0.rows, columns: $0.columns)
      }, edgeCount: found.edgeCount, confirmedEdgeCount: found.confirmedEdgeCount,
      commonPartCount: found.commonPartCount, bridgeCount: found.bridgeCount,
      confirmedBridgeCount: found.confirmedBridgeCount)
  }

  fileprivate var lines: [String] {
    let sizes = coupledParts.prefix(8).map { "\($0.rows.count) x \($0.columns.count)" }
    let rest = coupledParts.count > sizes.count ? ", ..." : ""
    let coupled =
      coupledParts.isEmpty
      ? "no parts" : "\(coupledParts.count) coupled (\(sizes.joined(separator: ", "))\(rest))"
    var lines = [
      "  active together on \(sampleCount) samples: \(coactivationCount) pairs, \(coupled), "
        + "\(commonPartCount) of them parts of the weights"
    ]
    if edgeCount > 0 {
      lines.append("  significant weights that are active together: \(confirmedEdgeCount) of \(edgeCount)")
    }
    if bridgeCount > 0 {
      lines.append(
        "  of them across parts: \(confirmedBridgeCount) of \(bridgeCount)"
          + (confirmedBridgeCount > 0 ? ", which make parts one" : ""))
    }
    return lines
  }
}

extension DecompositionReport.Findings {
  fileprivate var lines: [String] {
    var lines = ["  null hypothesis: \(initialization)"]
    if foundPartCount > 1 {
      let strays = strayEdgeCount > 0 ? ", \(strayEdgeCount) significant weights across" : ""
      lines.append(
        "  \(foundPartCount) parts found\(partner.map { " together with \($0.printable)" } ?? "")\(strays)"
          + (isFollowed
            ? ""
            : keepsBridges
              ? "; what lies across them has bits of its own"
              : "; what lies across them is worth more than --max-loss"))
    }
    if let agreement { lines += agreement.lines }
    if let stronglyConnectedCount, stronglyConnectedCount > 0 {
      lines.append("  strongly connected components of at least two states: \(stronglyConnectedCount)")
    }
    if annealing != AnnealingRule.statistical.rawValue { lines.append("  annealing: \(annealing)") }
    lines.append("  left out of the squares: \((100 * energyLoss).text(decimals: 2)) %")
    if let outputLoss { lines.append("  loss of the outputs: \(outputLoss.shortText)") }
    return lines
  }
}

extension MosaicPart {
  /// The share of blocks of the longest stage that are the zero motif in every stage; 0 unless all stages have one, are
  /// plain, and cut blocks of that length.
  fileprivate var zeroShare: Double {
    guard let longest = stages.map(\.dictionary.blockLength).max(),
      stages.allSatisfy({
        $0.dictionary.hasZeroMotif && !$0.dictionary.isOverlapping
          && longest.isMultiple(of: $0.dictionary.blockLength)
      }), let first = stages.first(where: { $0.dictionary.blockLength == longest })?.mosaic
    else { return 0 }
    var zeroCount = 0
    for row in 0..<first.rowCount {
      var isZero = [Bool](repeating: true, count: first.blockCount)
      for stage in stages {
        let ratio = longest / stage.dictionary.blockLength
        var indices = [UInt16](repeating: 0, count: stage.mosaic.blockCount)
        var target = indices.mutableSpan
        stage.mosaic.unpackRow(row, into: &target)
        for (block, index) in indices.enumerated() where index != 0 { isZero[block / ratio] = false }
      }
      zeroCount += isZero.count { $0 }
    }
    return Double(zeroCount) / Double(max(first.rowCount * first.blockCount, 1))
  }
}
