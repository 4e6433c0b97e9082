public import MomosModel

extension NPYFile {
  /// Writes a tensor as an .npy file, version 1.0, little-endian and in C order; the data start at a multiple
  /// of 64.
  ///
  /// npy has no bfloat16: such a tensor is written as float32, which represents every value exactly.
  /// The file appears whole or not at all.
  /// - Throws: `outputNotWritable`.
  public static func write(_ tensor: Tensor, to path: String) throws(InterchangeError) {
    do throws(InterchangeError) {
      var file = try OutputFile(path: path)
      let isWidened = tensor.elementType == .bfloat16
      let elementType = isWidened ? ElementType.float32 : tensor.elementType
      try file.write(copying: NPYHeader.encoded(elementType: elementType, shape: tensor.shape))
      if isWidened {
        try file.writeWidened(tensor.bytes.span(of: UInt16.self))
      } else {
        try file.write(tensor.bytes)
      }
      try file.commit()
    } catch {
      throw error.inFile(path)
    }
  }
}

extension OutputFile {
  /// Writes bfloat16 patterns as float32, a limited number at a time.
  fileprivate mutating func writeWidened(_ patterns: Span<UInt16>) throws(InterchangeError) {
    let chunkLength = 1 << 16
    for start in stride(from: 0, to: patterns.count, by: chunkLength) {
      let range = start..<min(start + chunkLength, patterns.count)
      try write(copying: range.map { Float(bfloat16Bits: patterns[$0]) })
    }
  }

  fileprivate mutating func write<Element: BitwiseCopyable>(
    copying elements: [Element]
  ) throws(InterchangeError) {
    try write(InterchangeError.translating { () throws(ModelError) in try Bytes(copying: elements) })
  }
}
