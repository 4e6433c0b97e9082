import MomosModel

/// A file of little-endian, row-major elements and nothing else, as a source of one tensor.
struct RawFile: TensorSource {
  private let name: String
  private let path: String
  private let tensor: Tensor

  /// Maps a file whose byte count must be exactly that of `layout`.
  init(path: String, name: String, layout: RawLayout) throws(InterchangeError) {
    let bytes: Bytes
    do {
      bytes = try SourceFile.map(path)
    } catch {
      throw error.inFile(path)
    }
    let expected = layout.shape.elementCount * layout.elementType.byteCount
    guard bytes.count == expected else {
      throw InterchangeError(
        bytes.count < expected ? .dataTruncated : .dataTrailing, path: path, place: "raw data",
        expected: "\(expected) bytes for \(layout.elementType.name)\(layout.shape)", found: "\(bytes.count)")
    }
    self.name = name
    self.path = path
    // A mapping starts at a page and so is aligned for every type.
    tensor = Tensor(elementType: layout.elementType, shape: layout.shape, bytes: bytes)
  }

  var catalog: [SourceTensor] {
    [SourceTensor(name: name, elementType: tensor.elementType, shape: tensor.shape, origin: path)]
  }

  func read(_ name: String) throws(InterchangeError) -> Tensor {
    guard name == self.name else { throw .unknownTensor(name).inFile(path) }
    return tensor
  }
}

/// The type and shape that the user states for raw data, written as `bf16[4096,1024]`.
struct RawLayout: Hashable {
  let elementType: ElementType
  let shape: Shape

  /// - Parameter text: one of f16, bf16, f32 and f64, then dimensions in brackets; `f32[]` is a scalar.
  init(parsing text: some StringProtocol) throws(InterchangeError) {
    let place = "raw layout \(InterchangeError.quoted(text))"
    let bracket = text.firstIndex(of: "[") ?? text.endIndex
    guard let elementType = ElementType(name: String(text[..<bracket])), elementType.isFloatingPoint else {
      throw InterchangeError(
        .rawElementType, place: place, expected: "f16, bf16, f32 or f64",
        found: InterchangeError.quoted(text[..<bracket]))
    }
    guard bracket < text.endIndex, text.last == "]" else {
      throw InterchangeError(.rawShape, place: place, expected: "dimensions in brackets", found: "none")
    }
    let inner = text[text.index(after: bracket)...].dropLast()
    var dimensions: [Int] = []
    for part in inner.isEmpty ? [] : inner.split(separator: ",", omittingEmptySubsequences: false) {
      guard part.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let dimension = Int(part)
      else {
        throw InterchangeError(
          .rawShape, place: place, expected: "a dimension in digits", found: InterchangeError.quoted(part))
      }
      dimensions.append(dimension)
    }
    self.elementType = elementType
    do {
      shape = try InterchangeError.translating { () throws(ModelError) in try Shape(dimensions) }
    } catch {
      throw error.inside(place)
    }
  }
}
