import MomosModel

/// What to do for the type of the numbers of an element type that is not a floating-point type.
protocol IntegerVisitor {
  associatedtype Output
  func visit<Number: FixedWidthInteger & BitwiseCopyable>(integer: Number.Type) throws(RuntimeError) -> Output
}

/// What to do for the type in which the numbers of an element type are computed.
protocol NumberVisitor: IntegerVisitor {
  /// For float32, float64 and, in float32, for float16 and bfloat16.
  func visit<Number: RealNumber>(real: Number.Type) throws(RuntimeError) -> Output
}

/// What to do for the bit patterns of an element type, where only their width matters.
protocol PatternVisitor {
  associatedtype Output
  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Output
}

extension ElementType {
  /// Calls the visitor with the type of the numbers; bool is visited as UInt8.
  func visit<Visitor: NumberVisitor>(_ visitor: Visitor) throws(RuntimeError) -> Visitor.Output {
    switch self {
    case .float32, .float16, .bfloat16: try visitor.visit(real: Float.self)
    case .float64: try visitor.visit(real: Double.self)
    default: try visitInteger(visitor)
    }
  }

  /// As `visit` for any type but the floating-point ones.
  func visitInteger<Visitor: IntegerVisitor>(_ visitor: Visitor) throws(RuntimeError) -> Visitor.Output {
    switch self {
    case .int8: try visitor.visit(integer: Int8.self)
    case .int16: try visitor.visit(integer: Int16.self)
    case .int32: try visitor.visit(integer: Int32.self)
    case .int64: try visitor.visit(integer: Int64.self)
    case .uint8, .bool: try visitor.visit(integer: UInt8.self)
    case .uint16: try visitor.visit(integer: UInt16.self)
    case .uint32: try visitor.visit(integer: UInt32.self)
    case .uint64: try visitor.visit(integer: UInt64.self)
    case .float16, .bfloat16, .float32, .float64: preconditionFailure("not an integer type")
    }
  }

  /// Calls the visitor with an unsigned integer as wide as an element.
  func visitPattern<Visitor: PatternVisitor>(_ visitor: Visitor) throws(RuntimeError) -> Visitor.Output {
    switch byteCount {
    case 1: try visitor.visit(pattern: UInt8.self)
    case 2: try visitor.visit(pattern: UInt16.self)
    case 4: try visitor.visit(pattern: UInt32.self)
    default: try visitor.visit(pattern: UInt64.self)
    }
  }
}
