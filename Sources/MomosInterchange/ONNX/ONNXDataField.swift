import MomosModel

/// The fields of TensorProto that hold elements. Raw values are their numbers.
enum ONNXDataField: Int {
  case floats = 4
  case int32s = 5
  case int64s = 7
  case raw = 9
  case doubles = 10
  case uint64s = 11

  /// The field with numbers that ONNX provides for a type.
  init(of elementType: ElementType) {
    switch elementType {
    case .float32: self = .floats
    case .float64: self = .doubles
    case .int64: self = .int64s
    case .uint32, .uint64: self = .uint64s
    case .int8, .int16, .int32, .uint8, .uint16, .bool, .float16, .bfloat16: self = .int32s
    }
  }

  var name: String {
    switch self {
    case .floats: "float_data"
    case .int32s: "int32_data"
    case .int64s: "int64_data"
    case .raw: "raw_data"
    case .doubles: "double_data"
    case .uint64s: "uint64_data"
    }
  }

  /// True if the runs hold the elements as they lie in memory.
  var isBytes: Bool { self == .raw || self == .floats || self == .doubles }

  /// Before anything is allocated: bytes must be exactly those of the elements, and an integer takes at least one.
  func requireByteCount(
    _ runs: [Range<Int>], elementCount: Int, elementType: ElementType
  ) throws(InterchangeError) {
    let found = runs.reduce(0) { $0 + $1.count }
    let exact = elementCount * elementType.byteCount
    guard self != .raw || runs.count <= 1 else {
      throw InterchangeError(.onnxTensorData, expected: "raw_data once", found: "\(runs.count) times")
    }
    if isBytes {
      guard found != exact else { return }
      throw InterchangeError(
        .onnxTensorData,
        expected: "\(exact) bytes of \(name) for \(elementCount) elements of \(elementType.name)",
        found: "\(found)")
    }
    guard found < elementCount || elementCount == 0 && found > 0 else { return }
    throw InterchangeError(
      .onnxTensorData, expected: "\(elementCount) values of \(name)", found: "\(found) bytes of them")
  }

  /// The elements that the runs hold one after another.
  func elements(
    in file: Bytes, _ runs: [Range<Int>], elementType: ElementType, count: Int
  ) throws(InterchangeError) -> Bytes {
    if isBytes { return try joined(file, runs, byteCount: count * elementType.byteCount) }
    switch elementType {
    case .int8: return try integers(Int8.self, file, runs, count)
    case .uint8, .bool: return try integers(UInt8.self, file, runs, count)
    case .int16: return try integers(Int16.self, file, runs, count)
    case .uint16, .float16, .bfloat16: return try integers(UInt16.self, file, runs, count)
    case .int32: return try integers(Int32.self, file, runs, count)
    case .uint32: return try integers(UInt32.self, file, runs, count)
    case .uint64: return try integers(UInt64.self, file, runs, count)
    case .int64, .float32, .float64: return try integers(Int64.self, file, runs, count)
    }
  }

  private func joined(
    _ file: Bytes, _ runs: [Range<Int>], byteCount: Int
  ) throws(InterchangeError) -> Bytes {
    var buffer = try InterchangeError.translating { () throws(ModelError) in
      try MutableBytes(byteCount: byteCount)
    }
    let source = file.span(of: UInt8.self)
    var target = buffer.mutableSpan(of: UInt8.self)
    var position = 0
    for run in runs {
      for offset in run {
        target[position] = source[offset]
        position += 1
      }
    }
    return buffer.freeze()
  }

  /// Numbers of 1 to 10 bytes; those of int32_data count as int32, as every writer means them.
  private func integers<Element: FixedWidthInteger & BitwiseCopyable>(
    _ type: Element.Type, _ file: Bytes, _ runs: [Range<Int>], _ count: Int
  ) throws(InterchangeError) -> Bytes {
    var buffer = try InterchangeError.translating { () throws(ModelError) in
      try MutableBytes(byteCount: count * MemoryLayout<Element>.stride)
    }
    let source = file.span(of: UInt8.self)
    var target = buffer.mutableSpan(of: Element.self)
    var position = 0
    for run in runs {
      var reader = WireReader(run)
      while !reader.isAtEnd {
        let pattern = try reader.varint(in: source)
        guard position < count else {
          throw InterchangeError(
            .onnxTensorData, expected: "\(count) values of \(name)", found: "more")
        }
        target[position] = try element(pattern, position)
        position += 1
      }
    }
    guard position == count else {
      throw InterchangeError(
        .onnxTensorData, expected: "\(count) values of \(name)", found: "\(position)")
    }
    return buffer.freeze()
  }

  private func element<Element: FixedWidthInteger>(
    _ pattern: UInt64, _ position: Int
  ) throws(InterchangeError) -> Element {
    let element: Element? =
      switch self {
      case .int32s: Element(exactly: Int32(truncatingIfNeeded: pattern))
      case .uint64s: Element(exactly: pattern)
      default: Element(exactly: Int64(bitPattern: pattern))
      }
    if let element { return element }
    throw InterchangeError(
      .onnxTensorData, place: "element \(position)",
      expected: "a value of \(name) from \(Element.min) to \(Element.max)",
      found: self == .uint64s ? "\(pattern)" : "\(Int64(bitPattern: pattern))")
  }
}

extension Bytes {
  /// - Throws: `boolValue` unless every byte is 0 or 1.
  func requireBools() throws(InterchangeError) {
    let values = span(of: UInt8.self)
    for position in values.indices where values[position] > 1 {
      throw InterchangeError(
        .boolValue, place: "data: element \(position)", expected: "0 or 1", found: "\(values[position])")
    }
  }
}
