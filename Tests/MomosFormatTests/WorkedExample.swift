import MomosModel

@testable import MomosFormat

/// The file of `spec/worked-example.md`.
enum WorkedExample {
  /// The bytes of the document's hex dump: lines of an offset of four digits, then up to 16 bytes of two digits.
  static func bytes() throws -> [UInt8] {
    var bytes: [UInt8] = []
    var isInside = false
    for line in try Repository.text("spec/worked-example.md").split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      if line.hasPrefix("```") { isInside = line == "```hex" }
      let words = line.split(separator: " ")
      guard isInside, let first = words.first, let offset = Int(first, radix: 16), first.utf8.count == 4
      else {
        continue
      }
      guard offset == bytes.count else { throw FolderError(code: Int32(offset)) }
      bytes += words.dropFirst().prefix { $0.utf8.count == 2 }.compactMap { UInt8($0, radix: 16) }
    }
    return bytes
  }

  /// The tensor that the document describes.
  static func tensor() throws -> MosaicTensor {
    let dictionary = MotifDictionary(
      motifCount: 2, blockLength: 4, elementType: .float16,
      values: try Bytes(copying: [1, 2, 3, 4, -1, 0, 0.5, 0] as [Float16]))
    let mosaic = try Mosaic(packing: [0, 1, 1, 1], rowCount: 2, blockCount: 2, blockLength: 4, indexWidth: 1)
    return MosaicTensor(
      elementType: .float32, shape: try Shape([2, 8]), view: .lastAxisIsInput(rank: 2),
      parts: [MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])])
  }
}
