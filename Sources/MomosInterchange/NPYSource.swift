import MomosModel

/// One .npy file as a source.
struct NPYSource: TensorSource {
  private let file: NPYFile
  private let tensor: SourceTensor

  init(_ file: NPYFile, name: String, path: String) {
    self.file = file
    tensor = SourceTensor(name: name, elementType: file.elementType, shape: file.shape, origin: path)
  }

  var catalog: [SourceTensor] { [tensor] }

  func read(_ name: String) throws(InterchangeError) -> Tensor {
    guard name == tensor.name else { throw .unknownTensor(name).inFile(tensor.origin) }
    do {
      return try file.tensor()
    } catch {
      throw error.inFile(tensor.origin)
    }
  }
}
