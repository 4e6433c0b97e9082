/// The evidence of every block of a matrix against the null hypothesis that training left it alone.
public struct BlockEvidence: AnnealingEvidence {
  public let rows: Int
  public let columns: Int
  public let blockLength: Int
  private let test: SignificanceTest
  /// `[rows, blocksPerRow]`.
  private let values: [Double]

  /// - Parameters:
  ///   - weights: `[rows, columns]`.
  ///   - blockLength: weights of a sequence; the last one of a row may be shorter.
  public init(weights: [Float], rows: Int, columns: Int, blockLength: Int, test: SignificanceTest) {
    precondition(weights.count == rows * columns && blockLength > 0)
    self.rows = rows
    self.columns = columns
    self.blockLength = blockLength
    self.test = test
    var values: [Double] = []
    values.reserveCapacity(rows * ((columns + blockLength - 1) / blockLength))
    for row in 0..<rows {
      for start in stride(from: 0, to: columns, by: blockLength) {
        var sum = 0.0
        for column in start..<min(start + blockLength, columns) {
          sum += test.evidence(of: weights[row * columns + column])
        }
        values.append(sum)
      }
    }
    self.values = values
  }

  public var blocksPerRow: Int { (columns + blockLength - 1) / blockLength }

  public func mask(level: Double) -> AnnealingMask {
    let tail = columns % blockLength
    let whole = test.threshold(level: level, weightCount: blockLength)
    let short = tail > 0 ? test.threshold(level: level, weightCount: tail) : whole
    return AnnealingMask(
      rows: rows, blocksPerRow: blocksPerRow,
      isSupported: values.indices.map { position in
        let isLast = position % blocksPerRow == blocksPerRow - 1
        return values[position] >= (isLast ? short : whole)
      })
  }
}

/// Which blocks of a matrix a significance test supports; the others become the zero motif.
public struct AnnealingMask: Sendable, Hashable {
  public let rows: Int
  public let blocksPerRow: Int
  /// `[rows, blocksPerRow]`.
  public let isSupported: [Bool]

  public init(rows: Int, blocksPerRow: Int, isSupported: [Bool]) {
    precondition(isSupported.count == rows * blocksPerRow)
    self.rows = rows
    self.blocksPerRow = blocksPerRow
    self.isSupported = isSupported
  }

  public var supportedCount: Int { isSupported.count { $0 } }

  /// The share of blocks that are kept; 1 without blocks.
  public var supportedShare: Double {
    guard !isSupported.isEmpty else { return 1 }
    return Double(supportedCount) / Double(isSupported.count)
  }

  /// Blocks of a row that are kept, ascending.
  func keptBlocks(ofRow row: Int) -> [Int] {
    (0..<blocksPerRow).filter { isSupported[row * blocksPerRow + $0] }
  }

  /// The same mask for shorter blocks, of which a whole number make up one of these.
  func cut(_ blockLength: Int, to shorter: Int, columns: Int) -> AnnealingMask {
    precondition(blockLength.isMultiple(of: shorter))
    guard shorter < blockLength else { return self }
    let count = (columns + shorter - 1) / shorter
    return AnnealingMask(
      rows: rows, blocksPerRow: count,
      isSupported: (0..<rows * count).map { position in
        isSupported[position / count * blocksPerRow + position % count * shorter / blockLength]
      })
  }

  /// `[rows, columns]` weights with those of unsupported blocks at zero.
  public func annealed(_ weights: [Float], columns: Int, blockLength: Int) -> [Float] {
    precondition(weights.count == rows * columns && (columns + blockLength - 1) / blockLength == blocksPerRow)
    var annealed = weights
    for row in 0..<rows {
      for block in 0..<blocksPerRow where !isSupported[row * blocksPerRow + block] {
        for column in block * blockLength..<min((block + 1) * blockLength, columns) {
          annealed[row * columns + column] = 0
        }
      }
    }
    return annealed
  }
}

extension AnnealingMask: CustomStringConvertible {
  public var description: String { "\(supportedCount) of \(rows) x \(blocksPerRow) blocks" }
}
