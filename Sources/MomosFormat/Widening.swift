import MomosModel

extension Tensor {
  /// The tensor in a wider floating-point type, each value exactly; itself if the type is its own (spec T-04).
  func widened(to wide: ElementType) throws(ModelError) -> Tensor {
    let bytes: Bytes
    switch (elementType, wide) {
    case (.float16, .float32): bytes = try converted(Float16.self) { Float($0) }
    case (.bfloat16, .float32): bytes = try converted(UInt16.self) { Float(bfloat16Bits: $0) }
    case (.float16, .float64): bytes = try converted(Float16.self) { Double($0) }
    case (.bfloat16, .float64): bytes = try converted(UInt16.self) { Double(Float(bfloat16Bits: $0)) }
    case (.float32, .float64): bytes = try converted(Float.self) { Double($0) }
    default: return self
    }
    return Tensor(elementType: wide, shape: shape, bytes: bytes)
  }

  private func converted<Narrow: BitwiseCopyable, Wide: BitwiseCopyable>(
    _ type: Narrow.Type, _ convert: (Narrow) -> Wide
  ) throws(ModelError) -> Bytes {
    var buffer = try MutableBytes(byteCount: elementCount * MemoryLayout<Wide>.stride)
    let source = bytes.span(of: type)
    var target = buffer.mutableSpan(of: Wide.self)
    for position in source.indices { target[position] = convert(source[position]) }
    return buffer.freeze()
  }
}

extension Tensor {
  /// The tensor in a narrower floating-point type, rounded to nearest even; itself if the type is its own.
  ///
  /// The inverse of `widened` for values that the narrow type has.
  /// - Throws: T-04 for a type that does not widen exactly to the tensor's own.
  func narrowed(to narrow: ElementType, name: String) throws(FormatError) -> Tensor {
    if narrow == elementType { return self }
    let place = "tensor \(quoted(name))"
    guard elementType.isWidened(from: narrow) else {
      throw FormatError(
        .t04, at: place, expected: "a stored element type that widens exactly to \(elementType.name)",
        found: narrow.name)
    }
    do {
      let bytes: Bytes
      switch (elementType, narrow) {
      case (.float32, .float16): bytes = try converted(Float.self) { Float16($0) }
      case (.float32, .bfloat16): bytes = try converted(Float.self) { $0.bfloat16Bits }
      case (.float64, .float16): bytes = try converted(Double.self) { Float16($0) }
      case (.float64, .float32): bytes = try converted(Double.self) { Float($0) }
      default: bytes = try converted(Double.self) { Float(roundedToOdd: $0).bfloat16Bits }
      }
      return Tensor(elementType: narrow, shape: shape, bytes: bytes)
    } catch {
      throw FormatError(error, at: place)
    }
  }
}

extension Float {
  /// The value rounded so that rounding it again to fewer bits gives what rounding once would: the last bit is
  /// set wherever the value is not exact (Boldo and Melquiond 2008).
  fileprivate init(roundedToOdd value: Double) {
    let nearest = Float(value)
    guard !value.isNaN, Double(nearest) != value, nearest.isFinite || value.isFinite else {
      self = nearest
      return
    }
    let towardZero = abs(Double(nearest)) > abs(value) ? Float(bitPattern: nearest.bitPattern - 1) : nearest
    self = Float(bitPattern: towardZero.bitPattern | 1)
  }
}
