/// The type of one tensor element. Raw values are those of ONNX `TensorProto.DataType`.
public enum ElementType: Int, Sendable, Hashable, CaseIterable, Codable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case bfloat16 = 16

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The short name that commands, reports and messages use, for instance "f32".
  public var name: String {
    switch self {
    case .float32: "f32"
    case .uint8: "u8"
    case .int8: "i8"
    case .uint16: "u16"
    case .int16: "i16"
    case .int32: "i32"
    case .int64: "i64"
    case .bool: "bool"
    case .float16: "f16"
    case .float64: "f64"
    case .uint32: "u32"
    case .uint64: "u64"
    case .bfloat16: "bf16"
    }
  }

  /// The type with the given short name, or nil.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  /// True for the types whose tensors may become mosaics: f16, bf16, f32, f64.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float16, .float64, .bfloat16: true
    default: false
    }
  }
}

extension Float {
  /// The value of a bfloat16 bit pattern; exact.
  @inlinable
  public init(bfloat16Bits bits: UInt16) {
    self = Float(bitPattern: UInt32(bits) << 16)
  }

  /// The nearest bfloat16 bit pattern, ties to even; NaN stays NaN.
  @inlinable
  public var bfloat16Bits: UInt16 {
    if isNaN { return UInt16(truncatingIfNeeded: bitPattern >> 16) | 0x40 }
    let roundingBias = 0x7FFF + ((bitPattern >> 16) & 1)
    return UInt16(truncatingIfNeeded: (bitPattern &+ roundingBias) >> 16)
  }
}
