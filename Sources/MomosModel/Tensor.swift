/// A dense array of elements, row-major and little-endian.
public struct Tensor: Sendable, Hashable {
  public let elementType: ElementType
  public let shape: Shape
  /// Exactly `shape.elementCount * elementType.byteCount` bytes, aligned for the element type.
  public let bytes: Bytes

  public init(elementType: ElementType, shape: Shape, bytes: Bytes) {
    precondition(bytes.count == shape.elementCount * elementType.byteCount)
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// A float32 tensor; `values.count` must equal `shape.elementCount`.
  public init(_ values: [Float], shape: Shape) throws(ModelError) {
    self.init(elementType: .float32, shape: shape, bytes: try Bytes(copying: values))
  }

  /// An int64 tensor; `values.count` must equal `shape.elementCount`.
  public init(_ values: [Int64], shape: Shape) throws(ModelError) {
    self.init(elementType: .int64, shape: shape, bytes: try Bytes(copying: values))
  }

  public var elementCount: Int { shape.elementCount }

  /// The same elements under another shape of equal element count; no copy.
  public func reshaped(to newShape: Shape) -> Tensor {
    Tensor(elementType: elementType, shape: newShape, bytes: bytes)
  }

  /// All elements as float32, rounded to nearest where the type is wider. Copies.
  public func floats() -> [Float] { floats(in: 0..<elementCount) }

  /// The elements at the flat positions `range` as float32, rounded to nearest where the type is wider. Copies.
  public func floats(in range: Range<Int>) -> [Float] {
    let width = elementType.byteCount
    let slice = bytes[range.lowerBound * width..<range.upperBound * width]
    return Self.floats(of: slice, elementType: elementType)
  }

  private static func floats(of bytes: Bytes, elementType: ElementType) -> [Float] {
    switch elementType {
    case .float32: bytes.array(of: Float.self)
    case .float16: bytes.mapped(Float16.self) { Float($0) }
    case .bfloat16: bytes.mapped(UInt16.self) { Float(bfloat16Bits: $0) }
    case .float64: bytes.mapped(Double.self) { Float($0) }
    case .int8: bytes.mapped(Int8.self) { Float($0) }
    case .uint8: bytes.mapped(UInt8.self) { Float($0) }
    case .int16: bytes.mapped(Int16.self) { Float($0) }
    case .uint16: bytes.mapped(UInt16.self) { Float($0) }
    case .int32: bytes.mapped(Int32.self) { Float($0) }
    case .uint32: bytes.mapped(UInt32.self) { Float($0) }
    case .int64: bytes.mapped(Int64.self) { Float($0) }
    case .uint64: bytes.mapped(UInt64.self) { Float($0) }
    case .bool: bytes.mapped(UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }

  /// All elements of an integer or bool tensor as Int, or nil for the floating-point types and for uint64
  /// values above `Int.max`. Copies.
  public func integers() -> [Int]? {
    switch elementType {
    case .int8: bytes.mapped(Int8.self) { Int($0) }
    case .uint8, .bool: bytes.mapped(UInt8.self) { Int($0) }
    case .int16: bytes.mapped(Int16.self) { Int($0) }
    case .uint16: bytes.mapped(UInt16.self) { Int($0) }
    case .int32: bytes.mapped(Int32.self) { Int($0) }
    case .uint32: bytes.mapped(UInt32.self) { Int($0) }
    case .int64: bytes.mapped(Int64.self) { Int($0) }
    case .uint64:
      bytes.array(of: UInt64.self).contains { $0 > UInt64(Int.max) }
        ? nil : bytes.mapped(UInt64.self) { Int($0) }
    case .float32, .float16, .bfloat16, .float64: nil
    }
  }

  /// A tensor of a floating-point type from float32 values, rounded to nearest, ties to even.
  public init(rounding values: [Float], to elementType: ElementType, shape: Shape) throws(ModelError) {
    let bytes: Bytes
    switch elementType {
    case .float32: bytes = try Bytes(copying: values)
    case .float16: bytes = try Bytes(copying: values.map { Float16($0) })
    case .bfloat16: bytes = try Bytes(copying: values.map { $0.bfloat16Bits })
    case .float64: bytes = try Bytes(copying: values.map { Double($0) })
    default: preconditionFailure("not a floating-point type: \(elementType.name)")
    }
    self.init(elementType: elementType, shape: shape, bytes: bytes)
  }
}

extension Bytes {
  fileprivate func mapped<Element: BitwiseCopyable, Result>(
    _ type: Element.Type, _ transform: (Element) -> Result
  ) -> [Result] {
    let source = span(of: type)
    var result: [Result] = []
    result.reserveCapacity(source.count)
    for index in source.indices { result.append(transform(source[index])) }
    return result
  }
}
