/// The address of the first element, or nil without a span.
func withAddress(_ values: Span<Float>?, _ body: (UnsafePointer<Float>?) -> Void) {
  guard let values else { return body(nil) }
  unsafe values.withUnsafeBufferPointer { buffer in unsafe body(buffer.baseAddress) }
}

extension UnsafeMutableBufferPointer<Float> {
  /// The first element that lies at a multiple of 64 bytes.
  @unsafe
  var alignedStart: UnsafeMutablePointer<Float> {
    let start = baseAddress!
    return unsafe start + (64 - Int(bitPattern: start) % 64) % 64 / MemoryLayout<Float>.stride
  }
}
