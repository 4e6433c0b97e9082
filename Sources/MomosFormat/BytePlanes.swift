import MomosModel

/// Reorders elements so that all their first bytes come first, then all second bytes, and so on.
enum BytePlanes {
  /// - Parameter planeCount: bytes per element; divides `bytes.count`.
  static func split(_ bytes: Bytes, planeCount: Int) throws(ModelError) -> Bytes {
    var buffer = try MutableBytes(byteCount: bytes.count)
    let source = bytes.span(of: UInt8.self)
    var target = buffer.mutableSpan(of: UInt8.self)
    let elementCount = bytes.count / planeCount
    for plane in 0..<planeCount {
      for element in 0..<elementCount {
        target[plane * elementCount + element] = source[element * planeCount + plane]
      }
    }
    return buffer.freeze()
  }

  /// The inverse of `split`.
  static func merge(_ bytes: Bytes, planeCount: Int) throws(ModelError) -> Bytes {
    var buffer = try MutableBytes(byteCount: bytes.count)
    let source = bytes.span(of: UInt8.self)
    var target = buffer.mutableSpan(of: UInt8.self)
    let elementCount = bytes.count / planeCount
    for plane in 0..<planeCount {
      for element in 0..<elementCount {
        target[element * planeCount + plane] = source[plane * elementCount + element]
      }
    }
    return buffer.freeze()
  }
}
