public import MomosModel

/// Writes a safetensors file, tensor after tensor. Equal tensors give equal bytes.
///
///     OFFSET  SIZE  FIELD
///     0       8     byte count n of the header, little-endian
///     8       n     JSON: {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}, padded with
///                   spaces so that the data start at a multiple of 8
///     8 + n         the tensors, in the order of their offsets, without holes
///
/// Tensors of wide elements come first, so that each starts at a multiple of its elements' size. The file appears whole,
/// with `finish`, or not at all.
public struct SafetensorsWriter: ~Copyable {
  /// The name that the format keeps for itself.
  private static let reservedName = "__metadata__"

  private var file: OutputFile
  private let path: String
  /// What is still to be added, in reverse.
  private var missing: [SourceTensor]

  /// - Parameter tensors: all that will be added; names are unique.
  /// - Throws: `outputNotWritable`; `tensorName` for the name that the format keeps for itself.
  public init(path: String, tensors: [SourceTensor]) throws(InterchangeError) {
    self.path = path
    let sorted = Self.sorted(tensors)
    missing = sorted.reversed()
    if tensors.contains(where: { $0.name == Self.reservedName }) {
      throw InterchangeError(
        .tensorName, path: path, expected: "another name than '\(Self.reservedName)'", found: "it")
    }
    file = try Self.started(path, header: Self.header(sorted))
  }

  /// The file with everything before the data.
  private static func started(_ path: String, header: [UInt8]) throws(InterchangeError) -> OutputFile {
    do throws(InterchangeError) {
      var file = try OutputFile(path: path)
      let size = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
      try file.write(
        try InterchangeError.translating { () throws(ModelError) in try Bytes(copying: size + header) })
      return file
    } catch {
      throw error.inFile(path)
    }
  }

  /// The order in which `add` takes tensors: wide elements first, else as given.
  public static func sorted(_ tensors: [SourceTensor]) -> [SourceTensor] {
    [8, 4, 2, 1].flatMap { width in tensors.filter { $0.elementType.byteCount == width } }
  }

  private static func header(_ tensors: [SourceTensor]) -> [UInt8] {
    let names = Dictionary(
      SafetensorsFile.elementTypes.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
    var offset = 0
    var fields: [(key: String, value: JSON)] = []
    for tensor in tensors {
      let end = offset + tensor.byteCount
      fields.append(
        (
          tensor.name,
          .object([
            ("dtype", .string(names[tensor.elementType] ?? "")),
            ("shape", .array(tensor.shape.dimensions.map { .number("\($0)") })),
            ("data_offsets", .array([.number("\(offset)"), .number("\(end)")])),
          ])
        ))
      offset = end
    }
    var bytes = Array(JSON.object(fields).rendered().utf8)
    while bytes.count % 8 != 0 { bytes.append(UInt8(ascii: " ")) }
    return bytes
  }

  /// Adds the next tensor in the order of `sorted`.
  public mutating func add(_ tensor: Tensor) throws(InterchangeError) {
    let expected = missing.removeLast()
    precondition(tensor.elementType == expected.elementType && tensor.shape == expected.shape)
    do throws(InterchangeError) { try file.write(tensor.bytes) } catch { throw error.inFile(path) }
  }

  /// Gives the file its name.
  public consuming func finish() throws(InterchangeError) {
    precondition(missing.isEmpty)
    let path = path
    do throws(InterchangeError) { try file.commit() } catch { throw error.inFile(path) }
  }
}
