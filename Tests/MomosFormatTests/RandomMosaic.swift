import MomosModel

/// Random but reproducible mosaics for tests.
struct RandomMosaic {
  var generator: SeededGenerator

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  mutating func dictionary(
    motifCount: Int, blockLength: Int, isOverlapping: Bool = false, elementType: ElementType = .float16,
    isAntipodal: Bool = false, hasZeroMotif: Bool = false
  ) throws -> MotifDictionary {
    let stored = isAntipodal ? motifCount / 2 : motifCount
    let motifLength = isOverlapping ? 2 * blockLength : blockLength
    var values = (0..<stored * motifLength).map { _ in Float(generator.nextNormal()) }
    if hasZeroMotif { values.replaceSubrange(0..<motifLength, with: repeatElement(0, count: motifLength)) }
    let bytes: Bytes
    if elementType == .int8 {
      bytes = try Bytes(copying: values.map { Int8(max(-127, min(127, $0 * 40))) })
    } else {
      bytes = try Tensor(rounding: values, to: elementType, shape: Shape(vector: values.count)).bytes
    }
    return MotifDictionary(
      motifCount: motifCount, blockLength: blockLength, isOverlapping: isOverlapping,
      elementType: elementType, isAntipodal: isAntipodal, hasZeroMotif: hasZeroMotif,
      scale: elementType == .int8 ? 0.025 : 1, values: bytes)
  }

  mutating func stage(_ dictionary: MotifDictionary, rowCount: Int, columnCount: Int) throws -> Stage {
    let blockCount = dictionary.blockCount(covering: columnCount)
    let indices = (0..<rowCount * blockCount).map { _ in
      let stored = generator.nextIndex(below: dictionary.storedMotifCount)
      return UInt16(stored | (generator.next() & 1 == 0 ? dictionary.signBit : 0))
    }
    return Stage(
      dictionary: dictionary,
      mosaic: try Mosaic(
        packing: indices, rowCount: rowCount, blockCount: blockCount, blockLength: dictionary.blockLength,
        indexWidth: dictionary.indexWidth))
  }

  mutating func rowScale(_ elementType: ElementType, rowCount: Int) throws -> Tensor {
    let values = (0..<rowCount).map { _ in Float(generator.nextUniform()) + 0.5 }
    return try Tensor(rounding: values, to: elementType, shape: Shape(vector: rowCount))
  }

  mutating func outliers(_ count: Int, rowCount: Int, columnCount: Int) -> Outliers {
    var positions: Set<Int> = []
    while positions.count < count { positions.insert(generator.nextIndex(below: rowCount * columnCount)) }
    let sorted = positions.sorted()
    return Outliers(
      rows: sorted.map { $0 / columnCount }, columns: sorted.map { $0 % columnCount },
      values: sorted.map { _ in Float16(generator.nextNormal()) })
  }

  /// A tensor of one part that covers the matrix.
  mutating func tensor(
    rows: Int, columns: Int, dictionaries: [MotifDictionary], rowScale: ElementType? = nil,
    outlierCount: Int = 0, elementType: ElementType = .float32
  ) throws -> MosaicTensor {
    var stages: [Stage] = []
    for dictionary in dictionaries {
      stages.append(try stage(dictionary, rowCount: rows, columnCount: columns))
    }
    let scale = try rowScale.map { try self.rowScale($0, rowCount: rows) }
    return MosaicTensor(
      elementType: elementType, shape: try Shape([rows, columns]), view: .lastAxisIsInput(rank: 2),
      parts: [MosaicPart(stages: stages, rowScale: scale)],
      outliers: outliers(outlierCount, rowCount: rows, columnCount: columns))
  }
}
