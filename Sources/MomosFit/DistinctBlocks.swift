import MomosModel

/// The distinct blocks of a matrix, bit for bit, as long as there are not too many.
struct DistinctBlocks {
  let elementType: ElementType
  let blockLength: Int
  /// Elements of a block as bit patterns widened to 64 bits, in the order of first appearance.
  private(set) var blocks: [[UInt64]] = []
  private var numbers: [[UInt64]: Int] = [:]

  init(elementType: ElementType, blockLength: Int) {
    self.elementType = elementType
    self.blockLength = blockLength
  }

  /// Adds the blocks of a matrix `[rows, columns]`; the last block of a row is padded with zero bits.
  /// - Returns: false as soon as there are more than `limit`; the set is incomplete then.
  mutating func add(_ matrix: Tensor, limit: Int) -> Bool {
    for row in 0..<matrix.shape[0] {
      guard addRow(row, of: matrix, limit: limit) else { return false }
    }
    return true
  }

  /// Adds the blocks of another set of the same kind, with the same limit rule.
  mutating func add(_ other: DistinctBlocks, limit: Int) -> Bool {
    other.blocks.allSatisfy { insert($0, limit: limit) }
  }

  private mutating func addRow(_ row: Int, of matrix: Tensor, limit: Int) -> Bool {
    let patterns = matrix.bitPatterns(row: row)
    for start in stride(from: 0, to: patterns.count, by: blockLength) {
      guard insert(padded(patterns[start..<min(start + blockLength, patterns.count)]), limit: limit) else {
        return false
      }
    }
    return true
  }

  private mutating func insert(_ block: [UInt64], limit: Int) -> Bool {
    if numbers[block] == nil {
      guard blocks.count < limit else { return false }
      numbers[block] = blocks.count
      blocks.append(block)
    }
    return true
  }

  private func padded(_ patterns: ArraySlice<UInt64>) -> [UInt64] {
    Array(patterns) + [UInt64](repeating: 0, count: blockLength - patterns.count)
  }

  /// The set as a dictionary of the matrix's own element type; a block of zero bits comes first.
  func dictionary() throws(ModelError) -> MotifDictionary {
    let motifs = motifsZeroFirst
    let bytes: Bytes
    let patterns = motifs.flatMap { $0 }
    switch elementType.byteCount {
    case 2: bytes = try Bytes(copying: patterns.map { UInt16($0) })
    case 4: bytes = try Bytes(copying: patterns.map { UInt32($0) })
    default: bytes = try Bytes(copying: patterns)
    }
    return MotifDictionary(
      motifCount: motifs.count, blockLength: blockLength, elementType: elementType,
      hasZeroMotif: motifs[0].allSatisfy { $0 == 0 }, values: bytes)
  }

  private var motifsZeroFirst: [[UInt64]] {
    guard let zero = blocks.firstIndex(where: { $0.allSatisfy { $0 == 0 } }) else { return blocks }
    return [blocks[zero]] + blocks[..<zero] + blocks[(zero + 1)...]
  }

  /// The motif index of every block of a matrix, row-major; nil if a block is not in the dictionary.
  static func indices(of matrix: Tensor, in dictionary: MotifDictionary) -> [UInt16]? {
    let motifs = Tensor(
      elementType: dictionary.elementType,
      shape: Shape(rows: dictionary.motifCount, columns: dictionary.motifLength), bytes: dictionary.values)
    var numbers: [[UInt64]: UInt16] = [:]
    for motif in 0..<dictionary.motifCount { numbers[motifs.bitPatterns(row: motif)] = UInt16(motif) }
    let set = DistinctBlocks(elementType: matrix.elementType, blockLength: dictionary.blockLength)
    var indices: [UInt16] = []
    indices.reserveCapacity(matrix.shape[0] * dictionary.blockCount(covering: matrix.shape[1]))
    for row in 0..<matrix.shape[0] {
      let patterns = matrix.bitPatterns(row: row)
      for start in stride(from: 0, to: patterns.count, by: dictionary.blockLength) {
        let end = min(start + dictionary.blockLength, patterns.count)
        guard let index = numbers[set.padded(patterns[start..<end])] else { return nil }
        indices.append(index)
      }
    }
    return indices
  }
}

extension Tensor {
  /// What is cut into blocks: the matrix of a view, or with flat blocking all weights as one row.
  func matrix(_ view: MatrixView, _ blocking: Blocking) throws(ModelError) -> Tensor {
    switch blocking {
    case .rows: try view.matrix(of: self)
    case .flat: reshaped(to: Shape(rows: 1, columns: elementCount))
    }
  }

  /// Bit patterns of a row of a floating-point matrix, widened to 64 bits.
  fileprivate func bitPatterns(row: Int) -> [UInt64] {
    let rowByteCount = shape[1] * elementType.byteCount
    let slice = bytes[row * rowByteCount..<(row + 1) * rowByteCount]
    return switch elementType.byteCount {
    case 2: slice.array(of: UInt16.self).map(UInt64.init)
    case 4: slice.array(of: UInt32.self).map(UInt64.init)
    default: slice.array(of: UInt64.self)
    }
  }
}
