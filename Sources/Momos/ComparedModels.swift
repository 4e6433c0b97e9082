import MomosInterchange
import MomosModel

extension Model {
  /// The model with every mosaic replaced by its dense weights.
  func reconstructed() throws(ModelError) -> Model {
    var model = self
    for position in tensors.indices {
      guard case .mosaic(let mosaic) = tensors[position].content else { continue }
      model.tensors[position].content = .dense(try Reconstruction(mosaic).dense())
    }
    return model
  }

  /// The model with the source's weights; aliases stay.
  func replacingTensors(from source: SourceModel) throws(MomosError) -> Model {
    var model = self
    for position in tensors.indices {
      if case .alias = tensors[position].content { continue }
      model.tensors[position].content = .dense(try source.read(tensors[position].name))
    }
    return model
  }
}
