import CMomosKernels
public import MomosModel

/// A dictionary expanded for execution: float32, 2^indexWidth entries, so that any index reads inside.
public struct ExecutableDictionary: Sendable {
  public let dictionary: MotifDictionary
  /// `[tableCount, motifLength]`.
  let motifs: Bytes
  /// `[motifLength, padded tableCount]`.
  let transposed: Bytes
  /// For the table kernels; nil where no tile layout suits the dictionary.
  let lookup: LookupDictionary?

  /// - Complexity: O(tableCount * motifLength), in time and memory.
  public init(_ dictionary: MotifDictionary) throws(ModelError) {
    self.dictionary = dictionary
    let table = dictionary.tableFloats()
    lookup = try LookupDictionary(dictionary)
    motifs = try Bytes(copying: table)
    transposed = try Bytes(
      copying: transposedMotifs(table, count: dictionary.tableCount, length: dictionary.motifLength))
  }
}

extension ExecutableDictionary {
  /// A mosaic of this dictionary as the kernels take it. Valid as long as both are alive.
  @unsafe
  func kernelStage(of mosaic: Mosaic) -> momos_stage {
    unsafe momos_stage(
      indices: mosaic.bytes.start?.assumingMemoryBound(to: UInt8.self),
      layout: momos_layout(rawValue: UInt32(mosaic.layout.rawValue)), row_count: mosaic.rowCount,
      row_byte_count: IndexLayout.rowByteCount(
        blockCount: mosaic.blockCount, indexWidth: mosaic.indexWidth),
      index_width: UInt32(mosaic.indexWidth), block_length: UInt32(dictionary.blockLength),
      motif_length: UInt32(dictionary.motifLength), block_count: mosaic.blockCount,
      motifs: motifs.start!.assumingMemoryBound(to: Float.self),
      transposed: transposed.start!.assumingMemoryBound(to: Float.self))
  }
}

extension Bytes {
  /// The address of the first byte, valid as long as the bytes are owned; nil without bytes.
  @unsafe
  var start: UnsafeRawPointer? {
    unsafe bytes.withUnsafeBytes { $0.baseAddress }
  }
}

/// Motif vectors `[count, length]` as `[length, padded count]`, zero in the padding.
func transposedMotifs(_ motifs: [Float], count: Int, length: Int) -> [Float] {
  let padded = paddedMotifCount(count)
  var transposed = [Float](repeating: 0, count: length * padded)
  for motif in 0..<count {
    for offset in 0..<length { transposed[offset * padded + motif] = motifs[motif * length + offset] }
  }
  return transposed
}

/// `count` rounded up to the lanes of the kernels.
func paddedMotifCount(_ count: Int) -> Int { (count + 15) & ~15 }
