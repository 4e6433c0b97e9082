/// Turns the compressed form back into weights, as the spec defines them (section 7), bit for bit.
///
/// For checking and extraction, and for the rows of embeddings (`RowReconstruction`); products never do this.
public struct Reconstruction: Sendable {
  private let tensor: MosaicTensor
  private let columnCount: Int
  private let rowCount: Int
  /// Motifs by index, one table per stage of each part.
  let tables: [[[Float]]]
  /// Row scales of each part, empty where it has none.
  private let rowScales: [[Float]]
  /// Row of the part for a row of the matrix, or nil for the identity.
  private let partRows: [[Int: Int]?]

  /// Expands the dictionaries: O(sum of their sizes).
  public init(_ tensor: MosaicTensor) {
    self.tensor = tensor
    self.rowCount = tensor.matrixShape[0]
    self.columnCount = tensor.matrixShape[1]
    self.tables =
      tensor.composition == .sum
      ? tensor.parts.map { part in part.stages.map { $0.dictionary.tableFloats() } } : []
    self.rowScales = tensor.parts.map { $0.rowScale?.floats() ?? [] }
    self.partRows = tensor.parts.map { part in
      part.rows.map { Dictionary(uniqueKeysWithValues: $0.enumerated().map { ($1, $0) }) }
    }
  }

  /// Bytes that the arrays of one row take.
  private var rowByteCount: Int {
    let blockCount = tensor.parts.flatMap(\.stages).map(\.mosaic.blockCount).max() ?? 0
    return 2 * columnCount * MemoryLayout<Float>.stride + blockCount * MemoryLayout<UInt16>.stride
  }

  /// Refuses rows that memory does not hold; `row` and `dense` take them for granted.
  /// - Parameter rowCount: how many rows are reconstructed at a time.
  public func requireMemory(rowCount: Int = 1) throws(ModelError) {
    try AvailableMemory.require(byteCount: rowCount * rowByteCount)
  }

  /// The whole tensor in its own shape and element type.
  public func dense() throws(ModelError) -> Tensor {
    try requireMemory()
    let matrix =
      switch tensor.composition {
      case .sum: try summedMatrix()
      case .copy: try copiedMatrix()
      }
    switch tensor.blocking {
    case .rows: return try tensor.view.tensor(from: matrix, shape: tensor.shape)
    case .flat: return matrix.reshaped(to: tensor.shape)
    }
  }

  /// One row of the fitted matrix in float32, before rounding to the element type, for composition `.sum`.
  public func row(_ row: Int) -> [Float] {
    precondition(tensor.composition == .sum)
    var weights = [Float](repeating: 0, count: columnCount)
    for (number, part) in tensor.parts.enumerated() {
      guard let partRow = partRow(row, of: number) else { continue }
      var values = summedStages(of: part, tables: tables[number], row: partRow)
      if part.rowScale != nil {
        let scale = rowScales[number][partRow]
        for position in values.indices { values[position] = scale * values[position] }
      }
      if let columns = part.columns {
        for (position, column) in columns.enumerated() { weights[column] = values[position] }
      } else {
        weights = values
      }
    }
    addOutliers(of: row, to: &weights)
    return weights
  }

  private func partRow(_ row: Int, of part: Int) -> Int? {
    guard let rows = partRows[part] else { return row }
    return rows[row]
  }

  private func summedStages(of part: MosaicPart, tables: [[Float]], row: Int) -> [Float] {
    let length = part.columns?.count ?? columnCount
    var sum = [Float](repeating: 0, count: length)
    for (stage, table) in zip(part.stages, tables) {
      let dictionary = stage.dictionary
      let indices = unpackedRow(row, of: stage.mosaic)
      let (blockLength, motifLength) = (dictionary.blockLength, dictionary.motifLength)
      let isOverlapping = dictionary.isOverlapping
      let motifs = table.span
      var weights = sum.mutableSpan
      for block in indices.indices {
        let start = block * blockLength
        let count = min(blockLength, length - start)
        let motif = Int(indices[block]) * motifLength
        let first = motifs.extracting(motif..<(motif + count))
        guard isOverlapping, block > 0 else {
          for offset in 0..<count { weights[start + offset] += first[offset] }
          continue
        }
        // The second half of the previous motif.
        let previous = Int(indices[block - 1]) * motifLength + blockLength
        for offset in 0..<count { weights[start + offset] += first[offset] + motifs[previous + offset] }
      }
    }
    return sum
  }

  private func addOutliers(of row: Int, to weights: inout [Float]) {
    let outliers = tensor.outliers
    guard outliers.count > 0 else { return }
    var position = outliers.rows.partitioningIndex { $0 >= row }
    while position < outliers.count, outliers.rows[position] == row {
      weights[outliers.columns[position]] += Float(outliers.values[position])
      position += 1
    }
  }

  private func summedMatrix() throws(ModelError) -> Tensor {
    let bytes: Bytes
    switch tensor.elementType {
    case .float16: bytes = try summedBytes { Float16($0) }
    case .bfloat16: bytes = try summedBytes(\.bfloat16Bits)
    case .float32: bytes = try summedBytes { $0 }
    case .float64: bytes = try summedBytes { Double($0) }
    default: preconditionFailure("not a floating-point type: \(tensor.elementType.name)")
    }
    return Tensor(elementType: tensor.elementType, shape: tensor.matrixShape, bytes: bytes)
  }

  /// All weights after `rounding` to the element type.
  private func summedBytes<Element: BitwiseCopyable>(
    _ rounding: (Float) -> Element
  ) throws(ModelError) -> Bytes {
    // A dictionary of one motif needs no indices, so a small file may describe more than memory holds.
    var buffer = try MutableBytes(byteCount: rowCount * columnCount * MemoryLayout<Element>.stride)
    var target = buffer.mutableSpan(of: Element.self)
    for row in 0..<rowCount {
      for (column, weight) in self.row(row).enumerated() {
        target[row * columnCount + column] = rounding(weight)
      }
    }
    return buffer.freeze()
  }

  private func copiedMatrix() throws(ModelError) -> Tensor {
    let bytes: Bytes
    switch tensor.elementType.byteCount {
    case 2: bytes = try copiedBytes(UInt16.self, signMask: 0x8000)
    case 4: bytes = try copiedBytes(UInt32.self, signMask: 0x8000_0000)
    default: bytes = try copiedBytes(UInt64.self, signMask: 0x8000_0000_0000_0000)
    }
    return Tensor(elementType: tensor.elementType, shape: tensor.matrixShape, bytes: bytes)
  }

  private func copiedBytes<Pattern: FixedWidthInteger & BitwiseCopyable>(
    _ type: Pattern.Type, signMask: Pattern
  ) throws(ModelError) -> Bytes {
    let stage = tensor.parts[0].stages[0]
    let dictionary = stage.dictionary
    let motifs = dictionary.values.array(of: type)
    var buffer = try MutableBytes(byteCount: rowCount * columnCount * MemoryLayout<Pattern>.stride)
    var target = buffer.mutableSpan(of: type)
    for row in 0..<rowCount {
      for (block, index) in unpackedRow(row, of: stage.mosaic).enumerated() {
        let flip = Int(index) & dictionary.signBit != 0 ? signMask : 0
        let motif = (Int(index) & ~dictionary.signBit) * dictionary.motifLength
        let start = block * dictionary.blockLength
        for offset in 0..<min(dictionary.blockLength, columnCount - start) {
          target[row * columnCount + start + offset] = motifs[motif + offset] ^ flip
        }
      }
    }
    return buffer.freeze()
  }

  private func unpackedRow(_ row: Int, of mosaic: Mosaic) -> [UInt16] {
    var indices = [UInt16](repeating: 0, count: mosaic.blockCount)
    var span = indices.mutableSpan
    mosaic.unpackRow(row, into: &span)
    return indices
  }
}

extension Array {
  /// The first position whose element satisfies `predicate`, for an array where all later ones do too.
  func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
