import MomosModel

/// Where the data of a tensor lie in another file.
///
/// The file must lie inside the model's folder: no absolute path, no "..", no symbolic link that leaves it, and no
/// further names (hard links), because one of them could lie outside.
struct ONNXExternalData {
  /// As the user would write it.
  let path: String
  private let resolvedPath: String
  private let range: Range<Int>

  /// - Parameter byteCount: of the elements.
  init(
    _ entries: [(key: String, value: String)], byteCount: Int, folder: SourceFolder
  ) throws(InterchangeError) {
    var values: [String: String] = [:]
    for entry in entries {
      guard values.updateValue(entry.value, forKey: entry.key) == nil else {
        throw Self.malformed("each key once", found: "another \(InterchangeError.quoted(entry.key))")
      }
    }
    guard let location = values["location"] else { throw Self.malformed("the key 'location'", found: "none") }
    path = folder.path(of: location)
    resolvedPath = try folder.resolve(named: location)
    let offset = try Self.number(values["offset"], key: "offset") ?? 0
    let length = try Self.number(values["length"], key: "length")
    let file = try Self.map(resolvedPath, path)
    guard offset <= file.count, byteCount <= file.count - offset else {
      throw Self.malformed(
        "\(byteCount) bytes from byte \(offset)", found: "a file of \(file.count) bytes"
      ).inside(path)
    }
    guard length ?? byteCount == byteCount else {
      throw Self.malformed("a length of \(byteCount) bytes", found: "\(length ?? 0)")
    }
    range = offset..<offset + byteCount
  }

  /// Maps the file for as long as the result lives, so that a model may have more files than a process may map.
  func read() throws(InterchangeError) -> Bytes {
    let file = try Self.map(resolvedPath, path)
    guard range.upperBound <= file.count else {
      throw InterchangeError(
        .fileChanged, path: path, expected: "\(range.upperBound) bytes as when it was opened",
        found: "\(file.count)")
    }
    return file[range]
  }

  private static func map(_ resolved: String, _ path: String) throws(InterchangeError) -> Bytes {
    do throws(InterchangeError) {
      return try SourceFile.map(resolved, allowsHardLinks: false)
    } catch {
      throw error.inFile(path)
    }
  }

  /// An integer in decimal digits, as ONNX writes it.
  private static func number(_ text: String?, key: String) throws(InterchangeError) -> Int? {
    guard let text else { return nil }
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int(text)
    else { throw malformed("an \(key) in digits", found: InterchangeError.quoted(text)) }
    return number
  }

  private static func malformed(_ expected: String, found: String) -> InterchangeError {
    InterchangeError(.onnxExternalData, place: "external data", expected: expected, found: found)
  }
}
