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
