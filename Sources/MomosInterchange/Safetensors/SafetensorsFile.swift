import MomosModel

// A safetensors file:
//
//   OFFSET  SIZE  FIELD
//        0     8  header byte count N, unsigned, little-endian, at most 100,000,000
//        8     N  header, JSON: an object, which starts at once and may end in spaces
//      8+N        data of the tensors, without holes or overlaps up to the file's end
//
// The object has for every tensor its name and {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, where
// offsets count from the start of the data and the second is the end; and it may have "__metadata__", an object of
// texts.

/// A safetensors file: its tensors in the order of their data, which are not read yet.
struct SafetensorsFile {
  static let maximumHeaderByteCount = 100_000_000
  /// What precedes the header.
  private static let prefixByteCount = 8
  private static let metadataKey = "__metadata__"

  struct Entry {
    let name: String
    let elementType: ElementType
    let shape: Shape
    /// From the start of the data.
    let range: Range<Int>
  }

  let entries: [Entry]
  private let data: Bytes

  init(_ file: Bytes) throws(InterchangeError) {
    let header = try Self.headerRange(of: file.span(of: UInt8.self))
    data = file[header.upperBound..<file.count]
    do throws(InterchangeError) {
      let json = try JSONParser.parse(file[header].array(of: UInt8.self))
      entries = try Self.entries(json, dataByteCount: data.count)
    } catch {
      throw error.inside("header")
    }
  }

  private static func headerRange(of file: Span<UInt8>) throws(InterchangeError) -> Range<Int> {
    guard file.count >= prefixByteCount else {
      throw InterchangeError(
        .safetensorsHeader, place: "header", expected: "8 bytes for its byte count", found: "\(file.count)")
    }
    let byteCount = file.littleEndian(UInt64.self, at: 0)
    let most = min(maximumHeaderByteCount, file.count - prefixByteCount)
    guard byteCount <= UInt64(most) else {
      throw InterchangeError(
        .safetensorsHeader, place: "header", expected: "at most \(most) bytes", found: "\(byteCount)")
    }
    guard file.contains([UInt8(ascii: "{")], at: prefixByteCount), byteCount > 0 else {
      throw InterchangeError(
        .safetensorsHeader, place: "header", expected: "'{' at its start", found: "another byte")
    }
    return prefixByteCount..<prefixByteCount + Int(byteCount)
  }

  private static func entries(_ json: JSON, dataByteCount: Int) throws(InterchangeError) -> [Entry] {
    guard case .object(let fields) = json else { throw json.mismatch("an object") }
    var entries: [Entry] = []
    for field in fields {
      do throws(InterchangeError) {
        if field.key == metadataKey {
          try requireTexts(field.value)
        } else {
          entries.append(try entry(field.key, field.value))
        }
      } catch {
        throw error.inside(InterchangeError.quoted(field.key))
      }
    }
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    try requireNoHoles(entries, dataByteCount: dataByteCount)
    return entries
  }

  private static func requireTexts(_ json: JSON) throws(InterchangeError) {
    guard case .object(let fields) = json else { throw json.mismatch("an object of texts") }
    for field in fields {
      guard case .string = field.value else { throw field.value.mismatch("a text").under(field.key) }
    }
  }

  private static func entry(_ name: String, _ json: JSON) throws(InterchangeError) -> Entry {
    let object = try JSONObject(json, keys: ["dtype", "shape", "data_offsets"])
    let elementType = try object.required("dtype", elementType)
    let dimensions = try object.required("shape", sizes)
    let offsets = try object.required("data_offsets", sizes)
    let shape = try InterchangeError.translating { () throws(ModelError) in try Shape(dimensions) }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw InterchangeError(
        .safetensorsOffsets, place: "data_offsets", expected: "a start and an end after it",
        found: "\(offsets)")
    }
    let byteCount = shape.elementCount * elementType.byteCount
    guard offsets[1] - offsets[0] == byteCount else {
      throw InterchangeError(
        .safetensorsOffsets, place: "data_offsets",
        expected: "\(byteCount) bytes for \(elementType.name)\(shape)", found: "\(offsets[1] - offsets[0])")
    }
    return Entry(
      name: try SourceTensor.name(Array(name.utf8)), elementType: elementType, shape: shape,
      range: offsets[0]..<offsets[1])
  }

  private static func sizes(_ json: JSON) throws(InterchangeError) -> [Int] {
    try json.list { json throws(InterchangeError) in
      guard case .number(let text) = json, let size = Int(text), size >= 0 else {
        throw json.mismatch("a number from 0")
      }
      return size
    }
  }

  private static func elementType(_ json: JSON) throws(InterchangeError) -> ElementType {
    let name = try json.text()
    if let elementType = elementTypes[name] { return elementType }
    throw InterchangeError(
      .safetensorsElementType, expected: "one of \(elementTypes.keys.sorted().joined(separator: ", "))",
      found: InterchangeError.quoted(name))
  }

  static let elementTypes: [String: ElementType] = [
    "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64, "I32": .int32,
    "I16": .int16, "I8": .int8, "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8, "BOOL": .bool,
  ]

  /// Every byte of the data must belong to one tensor, so that a file cannot be a second thing in its holes.
  private static func requireNoHoles(_ entries: [Entry], dataByteCount: Int) throws(InterchangeError) {
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        throw InterchangeError(
          .safetensorsOffsets, place: "\(InterchangeError.quoted(entry.name)): data_offsets",
          expected: "a start at \(end), where the data before it end", found: "\(entry.range.lowerBound)")
      }
      end = entry.range.upperBound
    }
    guard end == dataByteCount else {
      throw InterchangeError(
        .safetensorsOffsets, place: "data_offsets",
        expected: "an end at \(dataByteCount), where the file ends",
        found: "\(end)")
    }
  }

  /// The tensor of an entry: a view on the file where its data are aligned for its type.
  func tensor(_ entry: Entry) throws(InterchangeError) -> Tensor {
    let slice = data[entry.range]
    if entry.elementType == .bool { try slice.requireBools() }
    return try InterchangeError.translating { () throws(ModelError) in
      Tensor(
        elementType: entry.elementType, shape: entry.shape,
        bytes: try slice.ordered(elementByteCount: entry.elementType.byteCount))
    }
  }
}
