import MomosModel

/// An .npz archive.
struct NPZArchive: TensorSource {
  let catalog: [SourceTensor] = []
  init(_ content: Bytes, path: String) throws(InterchangeError) {
    throw InterchangeError(.unsupportedFormat, path: path, expected: "an .npy file", found: "an .npz archive")
  }
  func read(_ name: String) throws(InterchangeError) -> Tensor { throw .unknownTensor(name) }
}
