/// How the two views of a matrix agree: its weights, and what is active together on samples.
///
/// The weights decide the parts. Co-activation decides about bridges, which are significant weights across parts: one
/// whose output and input are active together is in use, and the parts that it connects are one. Bridges that are not in use
/// are cut, as far as the loss of the outputs lets them be.
public struct StructureAgreement: Sendable, Hashable {
  /// Vectors of inputs that were looked at.
  public let sampleCount: Int
  /// Pairs of outputs and inputs that are active together.
  public let coactivationCount: Int
  /// What such pairs couple.
  public let coupledParts: [CoactivationGraph.Part]
  /// Weights that are significant by themselves.
  public let edgeCount: Int
  /// Those of them whose output and input are active together.
  public let confirmedEdgeCount: Int
  /// Parts of the weights that are parts of co-activation, row by row and column by column.
  public let commonPartCount: Int
  /// Significant weights across parts.
  public let bridgeCount: Int
  /// Those of them that are in use.
  public let confirmedBridgeCount: Int

  /// What samples leave of a structure.
  ///
  /// - Parameters:
  ///   - structure: of the weights.
  ///   - level: the family-wise level that it was found with.
  /// - Returns: the structure with parts as one between which a bridge is in use, and how the views agree.
  public static func agreed(
    _ structure: MatrixStructure, _ evidence: StructureEvidence, _ coactivation: CoactivationGraph,
    level: Double
  ) -> (structure: MatrixStructure, agreement: StructureAgreement) {
    let edges = evidence.edges(level: MatrixStructure.edgeLevel(level))
    let bridges = structure.partsBetween(edges, evidence).map(\.edge)
    let used = bridges.filter { coactivation.isEdge(row: $0.row, column: $0.column) }
    let coupled = Set(coactivation.parts)
    let agreement = StructureAgreement(
      sampleCount: coactivation.sampleCount, coactivationCount: coactivation.edgeCount,
      coupledParts: coactivation.parts, edgeCount: edges.count,
      confirmedEdgeCount: edges.count { coactivation.isEdge(row: $0.row, column: $0.column) },
      commonPartCount: structure.parts.count {
        coupled.contains(CoactivationGraph.Part(rows: $0.rows, columns: $0.columns))
      }, bridgeCount: bridges.count, confirmedBridgeCount: used.count)
    return (structure.joined(by: used, evidence: evidence), agreement)
  }
}
