import CMomosKernels
import MomosModel

/// The stages of one part as the table kernels take them, with all memory that they point to.
@safe
final class LookupStages: @unchecked Sendable {
  /// Blocks of all stages in a row.
  let blockCount: Int
  /// Motif products of one vector: motifs times blocks, over all stages.
  let productCount: Int
  private let count: Int
  private let dictionaries: UnsafeMutablePointer<momos_lut_dictionary>
  private let stages: UnsafeMutablePointer<momos_lut_stage>
  /// Keeps what the stages point to alive.
  private let owners: [Bytes]

  /// nil if a stage has no tile layout, or one that the kernels in use do not look up in vectors.
  init?(_ parts: [(mosaic: Mosaic, dictionary: ExecutableDictionary)]) throws(ModelError) {
    var owners: [Bytes] = []
    for (mosaic, dictionary) in parts {
      guard let lookup = dictionary.lookup, mosaic.layout == lookup.layout,
        InstructionSet.looksUpInVectors
      else { return nil }
      owners += [try mosaic.bytes.aligned(to: Int(MOMOS_LUT_ALIGNMENT)), lookup.memory]
    }
    self.owners = owners
    count = parts.count
    blockCount = parts.reduce(0) { $0 + $1.mosaic.blockCount }
    productCount = parts.reduce(0) { $0 + $1.mosaic.blockCount * $1.dictionary.dictionary.tableCount }
    unsafe dictionaries = .allocate(capacity: parts.count)
    unsafe stages = .allocate(capacity: parts.count)
    for (position, part) in parts.enumerated() {
      let lookup = part.dictionary.lookup!
      unsafe (dictionaries + position).initialize(to: lookup.dictionary)
      unsafe (stages + position).initialize(
        to: momos_lut_stage(
          indices: Self.address(of: owners[2 * position]), dictionary: dictionaries + position))
    }
  }

  /// Valid as long as the bytes are owned.
  private static func address(of bytes: Bytes) -> UnsafePointer<UInt8> {
    unsafe bytes.bytes.withUnsafeBytes { unsafe $0.baseAddress!.assumingMemoryBound(to: UInt8.self) }
  }

  deinit {
    unsafe stages.deallocate()
    unsafe dictionaries.deallocate()
  }

  /// Calls `body` with the matrix of these stages.
  func withMatrix<Result>(
    rows: Int, columns: Int, rowScale: [Float]? = nil, allowsOnePlane: Bool = false,
    placement: PartPlacement? = nil, _ body: (UnsafePointer<momos_lut_matrix>) -> Result
  ) -> Result {
    unsafe placement.withNumbers { columnNumbers, rowNumbers in
      var matrix = unsafe momos_lut_matrix(
        stages: stages, stage_count: count, rows: rows, columns: columns, row_scale: nil,
        allows_one_plane: allowsOnePlane, replaces: placement?.adds != true, column_numbers: columnNumbers,
        row_numbers: rowNumbers)
      guard let rowScale else { return unsafe body(&matrix) }
      return unsafe rowScale.withUnsafeBufferPointer { scale in
        unsafe matrix.row_scale = scale.baseAddress
        return unsafe body(&matrix)
      }
    }
  }

  /// Bytes of scratch for a task of `chunk` rows, a multiple of the alignment.
  func scratchByteCount(rows: Int, columns: Int, batch: Int, chunk: Int) -> Int {
    let alignment = Int(MOMOS_LUT_ALIGNMENT)
    let byteCount = unsafe withMatrix(rows: rows, columns: columns) { matrix in
      unsafe momos_lut_scratch_bytes(matrix, batch, chunk)
    }
    return (byteCount + alignment - 1) / alignment * alignment
  }
}

/// A dictionary prepared for the table kernels.
@safe
struct LookupDictionary: @unchecked Sendable {
  let layout: IndexLayout
  /// Motifs as 16-bit integers, in the order of the kernels; `dictionary` points into it.
  let memory: Bytes
  let dictionary: momos_lut_dictionary

  /// nil if no tile layout suits the dictionary.
  init?(_ facts: MotifDictionary) throws(ModelError) {
    layout = IndexLayout.preferred(
      rowCount: IndexLayout.leastTiledRowCount, indexWidth: facts.indexWidth, blockLength: facts.blockLength)
    guard layout != .rowMajor else { return nil }
    let kernelLayout = momos_lut_layout(rawValue: UInt32(layout.rawValue))
    let length = UInt32(facts.motifLength)
    let stored = facts.storedFloats()
    var buffer = try MutableBytes(
      byteCount: momos_lut_dictionary_bytes(kernelLayout, length, facts.isAntipodal))
    var target = buffer.mutableSpan(of: Int16.self)
    // The memory stays where it is when the buffer becomes `Bytes`, which live as long as this value.
    unsafe dictionary = unsafe target.withUnsafeMutableBufferPointer { buffer in
      unsafe momos_lut_prepare_dictionary(
        kernelLayout, UInt32(facts.blockLength), length, facts.isAntipodal, stored, facts.storedMotifCount,
        buffer.baseAddress!)
    }
    memory = buffer.freeze()
  }
}

extension Bytes {
  /// The same bytes at an address that is a multiple of `alignment`; copies only where it is not.
  fileprivate func aligned(to alignment: Int) throws(ModelError) -> Bytes {
    let isAligned = unsafe bytes.withUnsafeBytes { buffer in
      UInt(bitPattern: buffer.baseAddress) % UInt(alignment) == 0
    }
    return isAligned ? self : try Bytes(copying: array(of: UInt8.self))
  }
}
