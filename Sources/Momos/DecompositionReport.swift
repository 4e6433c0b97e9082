public import MomosFit
import MomosFormat
import MomosModel

/// Which parts matrices have, and how many of their weights are zero by decision.
public struct DecompositionReport: Report, Sendable {
  public struct Part: Codable, Sendable {
    public let rowCount: Int
    public let columnCount: Int
    /// The share of blocks that are the zero motif in every stage.
    public let zeroShare: Double
    /// The probability of so much evidence without meaning; nil where it is not known.
    public let probability: Double?
    /// The level at which blocks were annealed; nil where none were, or where it is not known.
    public let level: Double?
  }

  public struct TensorReport: Codable, Sendable {
    public let name: String
    public let matrixShape: [Int]
    public let parts: [Part]
    /// The share of weights in no part or in zero blocks.
    public let annealedShare: Double
    /// What the null hypothesis says of the weights; nil where it is not known.
    public let initialization: String?
    /// The share of the squares of the weights that is left out.
    public let energyLoss: Double?
    /// What the outputs lose through it on the samples.
    public let outputLoss: Double?
  }

  public let tensors: [TensorReport]

  /// What a plan decided.
  public init(_ plan: FitPlan) {
    tensors = plan.decompositions.map { found in
      TensorReport(
        name: found.name, matrixShape: found.matrix.dimensions,
        parts: found.parts.map { part in
          Part(
            rowCount: part.rows?.count ?? found.matrix[0],
            columnCount: part.columns?.count ?? found.matrix[1],
            zeroShare: 1 - (part.annealing?.supportedShare ?? 1),
            probability: found.structure.parts.first { $0.rows == part.rows }?.probability,
            level: part.level)
        }, annealedShare: found.annealedShare, initialization: "\(found.distribution)",
        energyLoss: found.energyLoss, outputLoss: found.outputLoss)
    }
  }

  /// What a file holds.
  init(_ reader: MomosReader) throws {
    tensors = try reader.tensors.filter { $0.kind == .mosaic }.compactMap { entry in
      guard case .mosaic(let mosaic) = try reader.resolve(entry.name) else { return nil }
      return TensorReport(name: entry.name, mosaic)
    }
  }

  public var text: String {
    tensors.map { tensor in
      let size = tensor.matrixShape.map(String.init).joined(separator: " x ")
      var lines = [
        "\(tensor.name): \(size), \(tensor.parts.count) part\(tensor.parts.count == 1 ? "" : "s"), "
          + "\((100 * tensor.annealedShare).text(decimals: 1)) % zero"
      ]
      if let initialization = tensor.initialization { lines.append("  null hypothesis: \(initialization)") }
      if let loss = tensor.energyLoss {
        lines.append("  left out of the squares: \((100 * loss).text(decimals: 2)) %")
      }
      if let loss = tensor.outputLoss { lines.append("  loss of the outputs: \(loss.text(decimals: 6))") }
      for part in tensor.parts where tensor.parts.count > 1 || part.zeroShare > 0 {
        lines.append(
          "  \(part.rowCount) x \(part.columnCount), \((100 * part.zeroShare).text(decimals: 1)) % zero blocks"
            + (part.level.map { ", level \($0)" } ?? "")
            + (part.probability.map { ", p = \($0)" } ?? ""))
      }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

extension DecompositionReport.TensorReport {
  fileprivate init(name: String, _ mosaic: MosaicTensor) {
    let matrix = mosaic.matrixShape
    let parts = mosaic.parts.map { part in
      DecompositionReport.Part(
        rowCount: part.rows?.count ?? matrix[0], columnCount: part.columns?.count ?? matrix[1],
        zeroShare: part.zeroShare, probability: nil, level: nil)
    }
    let kept = parts.reduce(0.0) {
      $0 + Double($1.rowCount * $1.columnCount) * (1 - $1.zeroShare)
    }
    self.init(
      name: name, matrixShape: matrix.dimensions, parts: parts,
      annealedShare: 1 - kept / Double(max(matrix.elementCount, 1)), initialization: nil, energyLoss: nil,
      outputLoss: nil)
  }
}

extension MosaicPart {
  /// The share of blocks of the longest stage that are the zero motif; 0 unless all stages have one and are plain.
  fileprivate var zeroShare: Double {
    guard let longest = stages.max(by: { $0.dictionary.blockLength < $1.dictionary.blockLength }),
      stages.allSatisfy({ $0.dictionary.hasZeroMotif && !$0.dictionary.isOverlapping })
    else { return 0 }
    let mosaic = longest.mosaic
    var indices = [UInt16](repeating: 0, count: mosaic.blockCount)
    var zeroCount = 0
    for row in 0..<mosaic.rowCount {
      var target = indices.mutableSpan
      mosaic.unpackRow(row, into: &target)
      zeroCount += indices.count { $0 == 0 }
    }
    return Double(zeroCount) / Double(max(mosaic.rowCount * mosaic.blockCount, 1))
  }
}
