import MomosModel

/// One safetensors file as a source; the tensors in the order of their data.
struct SafetensorsSource: TensorSource {
  let catalog: [SourceTensor]
  private let file: SafetensorsFile
  private let entries: [String: SafetensorsFile.Entry]
  private let path: String

  init(_ content: Bytes, path: String) throws(InterchangeError) {
    file = try SafetensorsFile(content)
    self.path = path
    catalog = file.entries.map {
      SourceTensor(name: $0.name, elementType: $0.elementType, shape: $0.shape, origin: path)
    }
    try catalog.requireUniqueNames()
    entries = Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, $0) })
  }

  var files: [String] { [path] }

  func read(_ name: String) throws(InterchangeError) -> Tensor {
    guard let entry = entries[name] else { throw .unknownTensor(name).inFile(path) }
    do throws(InterchangeError) {
      return try file.tensor(entry)
    } catch {
      throw error.inside("tensor \(InterchangeError.quoted(name))").inFile(path)
    }
  }
}
