public import MomosModel

/// What setting each block of a matrix to zero costs its outputs, measured on the second moments H of its inputs: w H w'
/// for the weights w of a block by itself.
///
/// The null hypothesis is that a block lies anywhere in the matrix with weights as they were drawn: a block is kept if at most
/// the share `level` of such blocks costs more. So a weight of usual size is kept where inputs are large, and one that is
/// unusual may go where they are small; only what the weights say by themselves at level / (number of blocks) always
/// stays, since the samples may not show what it is for.
///
/// The distribution of the null hypothesis is drawn: 1,000 / level blocks, from 2^14 to 2^20, so that the share that it keeps
/// is within about 3 % of the level, for levels from .001 on.
public struct PerturbationEvidence: AnnealingEvidence {
  private let weights: BlockEvidence
  /// `[rows, blocksPerRow]`.
  private let costs: [Double]
  /// Of drawn blocks, descending.
  private let drawnCosts: [Double]

  /// - Parameters:
  ///   - weights: `[rows, columns]`.
  ///   - blockLength: weights of a sequence; the last one of a row may be shorter.
  ///   - moments: of the inputs of the whole matrix.
  ///   - inputs: which of them the columns are; nil for all.
  ///   - level: the least that masks are asked for.
  /// - Complexity: O(rows * columns * blockLength), and sorting what is drawn.
  public init(
    weights: [Float], rows: Int, columns: Int, blockLength: Int, test: SignificanceTest,
    moments: Calibration.InputMoments, inputs: [Int]?, level: Double, seed: UInt64
  ) {
    precondition(weights.count == rows * columns && (inputs?.count ?? moments.columns) == columns)
    self.weights = BlockEvidence(
      weights: weights, rows: rows, columns: columns, blockLength: blockLength, test: test)
    let moments = BlockMoments(moments, inputs: inputs, blockLength: blockLength)
    var costs: [Double] = []
    costs.reserveCapacity(rows * moments.count)
    for row in 0..<rows {
      for block in 0..<moments.count {
        let start = row * columns + block * blockLength
        let end = min(start + blockLength, (row + 1) * columns)
        costs.append(moments.cost(of: weights[start..<end], block: block))
      }
    }
    self.costs = costs
    let drawCount = min(1 << 20, max(1 << 14, Int((1000 / level).rounded(.up))))
    var generator = SeededGenerator(seed: seed)
    drawnCosts = (0..<(moments.count > 0 ? drawCount : 0)).map { number in
      let drawn = (0..<blockLength).map { _ in test.distribution.weight(from: &generator) }
      return moments.cost(of: drawn[...], block: number % moments.count)
    }.sorted(by: >)
  }

  public func mask(level: Double) -> AnnealingMask {
    guard !costs.isEmpty else { return weights.mask(level: level) }
    let certain = weights.mask(level: level / Double(costs.count))
    let least = drawnCosts[min(Int(level * Double(drawnCosts.count)), drawnCosts.count - 1)]
    return AnnealingMask(
      rows: certain.rows, blocksPerRow: certain.blocksPerRow,
      isSupported: zip(certain.isSupported, costs).map { $0 || $1 > least })
  }
}

extension InitializationDistribution {
  /// A weight as it is drawn before training.
  fileprivate func weight(from generator: inout SeededGenerator) -> Float {
    switch form {
    case .normal: Float(standardDeviation * generator.nextNormal())
    case .uniform: Float(bound * (2 * generator.nextUniform() - 1))
    }
  }
}

/// The second moments between the inputs of each block of columns.
private struct BlockMoments {
  /// Blocks.
  let count: Int
  private let blockLength: Int
  /// `[count, blockLength, blockLength]`; zero beyond the last column.
  private let values: [Double]

  init(_ moments: Calibration.InputMoments, inputs: [Int]?, blockLength: Int) {
    let columns = inputs?.count ?? moments.columns
    let upper = moments.upperSums.span(of: Double.self)
    count = (columns + blockLength - 1) / blockLength
    self.blockLength = blockLength
    var values = [Double](repeating: 0, count: count * blockLength * blockLength)
    for first in 0..<columns {
      for second in first..<min((first / blockLength + 1) * blockLength, columns) {
        let (row, column) = (inputs?[first] ?? first, inputs?[second] ?? second)
        let position =
          Calibration.InputMoments.upperCount(columns: moments.columns)
          - Calibration.InputMoments.upperCount(columns: moments.columns - row) + column - row
        let start = first / blockLength * blockLength * blockLength
        let (left, right) = (first % blockLength, second % blockLength)
        values[start + left * blockLength + right] = upper[position]
        values[start + right * blockLength + left] = upper[position]
      }
    }
    self.values = values
  }

  /// w H w' for the first weights of a block.
  func cost(of weights: ArraySlice<Float>, block: Int) -> Double {
    let start = block * blockLength * blockLength
    var cost = 0.0
    for (left, first) in weights.enumerated() {
      for (right, second) in weights.enumerated() {
        cost += Double(first) * Double(second) * values[start + left * blockLength + right]
      }
    }
    return cost
  }
}
