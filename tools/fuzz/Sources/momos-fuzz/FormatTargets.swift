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
    "MomosFormat/MomosReader.swift",
  ]

  func run(_ input: [UInt8]) throws {
    let reader = try MomosReader(bytes: try Bytes(copying: input))
    try reader.checkAll()
    _ = try reader.loadModel { _ in input.count % 2 == 0 }
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
    "MomosFormat/OutlierCoding.swift", "MomosFormat/Widening.swift", "MomosModel/Reconstruction.swift",
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
