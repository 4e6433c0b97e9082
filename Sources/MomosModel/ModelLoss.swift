/// Measures how much worse a model becomes when some of its tensors are replaced.
public protocol ModelLoss {
  /// 1 - the mean cosine between the outputs of the model as it is and with the replaced tensors; 0 without a
  /// difference.
  /// - Parameter tensors: by the name of the tensor that holds the weights, of the same shapes and element types.
  func loss(replacing tensors: [String: TensorContent]) throws -> Double
}
