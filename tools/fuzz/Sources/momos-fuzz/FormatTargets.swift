import MomosKernels
import MomosModel

@testable import MomosFormat
@testable import MomosRuntime

/// Whole files: preamble, section table, digests, codecs.
struct ContainerTarget: FuzzTarget {
  static let name = "container"
  static let files = [
    "MomosFormat/Preamble.swift", "MomosFormat/SectionTable.swift", "MomosFormat/SectionLoading.swift",
    "MomosFormat/SectionCodec.swift", "MomosFormat/ZstdFrame.swift", "MomosFormat/BytePlanes.swift",
    "MomosFormat/MomosReader.swift", "MomosFormat/Widening.swift",
  ]
  private static let mostWritten = 1 << 18

  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  func run(_ input: [UInt8]) throws {
    let reader = try MomosReader(bytes: try Bytes(copying: input))
    guard (try? reader.entry("no such name")) == nil || reader.hasTensor("no such name") else {
      throw Finding(text: "a tensor that is not there")
    }
    try reader.checkAll()
    let model = try reader.loadModel { _ in input.count % 2 == 0 }
    if input.count % 8 < 2 { try writeAgain(model, of: reader, compress: input.count % 8 == 0) }
  }

  /// What was read, written and read once more, is the same.
  private func writeAgain(_ model: Model, of reader: MomosReader, compress: Bool) throws {
    let byteCount = model.tensors.reduce(0) { $0 + (reader.denseByteCount($1.name) ?? 0) }
    guard byteCount <= Self.mostWritten else { return }
    let path = folder.path("file.momos")
    let writer = try MomosWriter(path: path, options: .init(compress: compress, overwrite: true))
    for tensor in model.tensors {
      if case .dense(let value) = tensor.content, let stored = reader.storedElementType(tensor.name) {
        try writer.write(name: tensor.name, dense: value, storedAs: stored)
      } else {
        try writer.write(tensor)
      }
    }
    _ = try writer.finish(graphs: model.graphs, operatorSets: model.operatorSets, provenance: Provenance())
    let again = try MomosReader(path: path, load: compress ? .copy : .map)
    for tensor in model.tensors {
      guard try again.load(tensor.name).isLike(tensor.content) else {
        throw Finding(text: "the tensor '\(tensor.name)' is written as another")
      }
    }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    guard !dice.oneIn(8), var file = ContainerFile(input) else { return dice.changed(input) }
    file.mutate(&dice)
    var sealing: Dice? = dice
    var bytes = file.sealed(&sealing)
    guard dice.oneIn(8) else { return bytes }
    // A preamble that is wrong in one place, with a digest that agrees.
    dice.overwrite(&bytes, at: 8 + dice.below(48), width: 1 << dice.below(4))
    let digest = ContainerFile.digest(Array(bytes[..<56]))
    for position in 0..<8 { bytes[56 + position] = UInt8(truncatingIfNeeded: digest >> UInt64(8 * position)) }
    return bytes
  }
}

extension MomosReader {
  /// Bytes of a dense tensor; nil for others.
  fileprivate func denseByteCount(_ name: String) -> Int? {
    guard let entry = try? entry(name), entry.kind == .dense else { return nil }
    return entry.shape.elementCount * entry.elementType.byteCount
  }

  fileprivate func storedElementType(_ name: String) -> ElementType? {
    guard let entry = try? entry(name), case .dense(let dense) = entry.form else { return nil }
    return dense.storedElementType
  }
}

extension TensorContent {
  /// Whether both are the same but for the view of a mosaic, which is not stored with flat blocking.
  fileprivate func isLike(_ other: TensorContent) -> Bool {
    switch (self, other) {
    case (.dense(let one), .dense(let two)): one == two
    case (.mosaic(let one), .mosaic(let two)): one.parts == two.parts && one.outliers == two.outliers
    case (.alias(let one), .alias(let two)): one == two
    default: false
    }
  }
}

/// Headers alone, as they follow sections of any content.
struct HeaderTarget: FuzzTarget {
  static let name = "header"
  static let files = [
    "MomosFormat/HeaderDecoding.swift", "MomosFormat/GraphDecoding.swift", "MomosFormat/HeaderContents.swift",
    "MomosFormat/TensorChecks.swift", "MomosFormat/DictionaryChecks.swift", "MomosFormat/MosaicChecks.swift",
    "MomosFormat/PartChecks.swift", "MomosFormat/GraphChecks.swift", "MomosFormat/ProvenanceChecks.swift",
    "MomosFormat/ReferenceTable.swift", "MomosFormat/Text.swift", "MomosProtobuf/BudgetedAllocator.swift",
  ]

  func run(_ input: [UInt8]) throws {
    let record = try HeaderDecoding.records(parsing: try Bytes(copying: input))
    _ = try HeaderContents(record, headerOffset: headerOffset(record))
    let encoded = try Bytes(copying: try HeaderEncoding.bytes(of: record))
    guard try HeaderDecoding.records(parsing: encoded).isLike(record) else {
      throw Finding(text: "an encoded header is decoded to another")
    }
  }

  /// Where the sections end, if they are laid out as they say.
  private func headerOffset(_ record: HeaderRecord) -> Int {
    guard let last = record.sections.last, let offset = last.offset, let count = last.storedByteCount,
      offset < 1 << 50, count < 1 << 50
    else { return 64 }
    return (Int(offset + count) + 63) / 64 * 64
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    guard !dice.oneIn(16), var message = WireMessage(input[...], .momos) else { return dice.changed(input) }
    message.mutate(&dice)
    return message.encoded
  }
}

extension HeaderRecord {
  /// Whether both say the same, where NaN is NaN.
  fileprivate func isLike(_ other: HeaderRecord) -> Bool { self == other || "\(self)" == "\(other)" }
}

/// Sections of mosaics: loaded, reconstructed, and multiplied by in every class.
struct MosaicTarget: FuzzTarget {
  static let name = "mosaic"
  static let files = [
    "MomosFormat/TensorLoading.swift", "MomosFormat/IndexCheck.swift", "MomosFormat/PartDisjointness.swift",
    "MomosFormat/OutlierCoding.swift", "MomosModel/Reconstruction.swift",
    "MomosModel/RowReconstruction.swift", "MomosModel/Mosaic.swift", "MomosModel/TiledIndices.swift",
    "MomosRuntime/LinearWeight.swift", "MomosRuntime/MosaicMultiplier.swift",
    "MomosRuntime/PartExecution.swift",
    "MomosRuntime/FlatMultiplier.swift",
  ]
  /// What is loaded is worked with up to so many weights.
  private static let largest = 1 << 16

  private let pool = ThreadPool(threadCount: 1)

  func run(_ input: [UInt8]) throws {
    let reader = try MomosReader(bytes: try Bytes(copying: input))
    for entry in reader.tensors {
      guard case .mosaic(let mosaic) = try reader.load(entry.name),
        max(mosaic.shape.elementCount, mosaic.matrixShape[0], mosaic.matrixShape[1]) <= Self.largest
      else { continue }
      let dense = try Reconstruction(mosaic).dense()
      if mosaic.blocking == .rows { try lookUpRows(of: mosaic, dense) }
      try lookUpBits(of: mosaic, dense)
      try writeParts(of: mosaic)
      for precision in Precision.allCases { try multiply(mosaic, precision: precision) }
    }
  }

  /// Rows that are looked up are those of the whole.
  private func lookUpRows(of mosaic: MosaicTensor, _ dense: Tensor) throws {
    let rowCount = mosaic.matrixShape[0]
    let columns = mosaic.matrixShape[1]
    guard rowCount > 0, mosaic.composition == .sum else { return }
    let matrix = try mosaic.view.matrix(of: dense).floats()
    for row in [0, rowCount / 2, rowCount - 1] {
      let found = Reconstruction(mosaic).row(row)
      let expected = matrix[row * columns..<(row + 1) * columns]
      let rounded = try Tensor(rounding: found, to: mosaic.elementType, shape: Shape(vector: columns))
        .floats()
      guard zip(rounded, expected).allSatisfy({ $0 == $1 || $0.isNaN && $1.isNaN }) else {
        throw Finding(text: "row \(row) is not that of the whole matrix")
      }
    }
  }

  /// The same of the table that embeddings are looked up in, in the bits of the tensor's type.
  private func lookUpBits(of mosaic: MosaicTensor, _ dense: Tensor) throws {
    guard mosaic.blocking == .rows || mosaic.shape.rank == 2 else { return }
    let table = RowReconstruction(mosaic)
    try table.requireMemory()
    let matrix = mosaic.blocking == .rows ? try mosaic.view.matrix(of: dense) : dense
    switch mosaic.elementType.byteCount {
    case 2: try lookUp(UInt16.self, in: table, matrix)
    case 4: try lookUp(UInt32.self, in: table, matrix)
    default: try lookUp(UInt64.self, in: table, matrix)
    }
  }

  private func lookUp<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ type: Pattern.Type, in table: RowReconstruction, _ matrix: Tensor
  ) throws {
    guard table.rowCount > 0, table.columnCount > 0 else { return }
    let expected = matrix.bytes.array(of: Pattern.self)
    for row in [0, table.rowCount / 2, table.rowCount - 1] {
      var found = [Pattern](repeating: 0, count: table.columnCount)
      var span = found.mutableSpan
      table.write(row: row, to: &span)
      // IEEE 754 leaves the bits of a NaN open.
      guard
        found[...] == expected[row * table.columnCount..<(row + 1) * table.columnCount]
          || matrix.floats().contains(where: \.isNaN)
      else { throw Finding(text: "row \(row) of the table is not that of the whole matrix") }
    }
  }

  /// Indices and outliers that are written again are the bytes that were read.
  private func writeParts(of mosaic: MosaicTensor) throws {
    for stage in mosaic.parts.flatMap(\.stages) where stage.mosaic.rowCount * stage.mosaic.blockCount > 0 {
      let plain = try stage.mosaic.rearranged(to: .rowMajor)
      let again = try plain.rearranged(to: stage.mosaic.layout)
      let (row, block) = (plain.rowCount - 1, plain.blockCount - 1)
      guard again.bytes == stage.mosaic.bytes,
        plain.index(row: row, block: block) == stage.mosaic.index(row: row, block: block)
      else { throw Finding(text: "indices are written as others") }
    }
    let (outliers, matrix) = (mosaic.outliers, mosaic.matrixShape)
    guard outliers.count > 0, mosaic.blocking == .rows else { return }
    let bytes = try Bytes(copying: OutlierCoding.encode(outliers, matrix: matrix))
    guard try OutlierCoding.decode(bytes, count: outliers.count, matrix: matrix, place: "") == outliers
    else { throw Finding(text: "outliers are written as others") }
  }

  private func multiply(_ mosaic: MosaicTensor, precision: Precision) throws {
    var dictionaries = ExecutableDictionaries()
    let view = mosaic.blocking == .rows ? mosaic.view : .lastAxisIsInput(rank: mosaic.shape.rank)
    let weight = try LinearWeight(
      mosaic: mosaic, view: view, precision: precision, dictionaries: &dictionaries)
    for batch in [1, 3, 17] where batch * max(weight.rows, weight.columns) <= Self.largest {
      var input = try MutableBytes(byteCount: 4 * batch * weight.columns)
      var values = input.mutableSpan(of: Float.self)
      for position in values.indices { values[position] = Float(position % 7) - 3 }
      var output = try MutableBytes(byteCount: 4 * batch * weight.rows)
      var target = output.mutableSpan(of: Float.self)
      _ = try weight.multiply(
        input.freeze().span(of: Float.self), batch: batch, into: &target, pool: pool)
    }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    guard var file = ContainerFile(input) else { return dice.changed(input) }
    file.mutate(&dice)
    return file.sealed
  }
}
