/// What weights do in a network, as far as it tells how much their errors matter.
public enum SensitivityRole: String, Sendable, Hashable, CaseIterable {
  /// What they make is multiplied by the output of a softmax.
  case value
  /// An activation follows, and another linear after it.
  case firstFeedForward
  /// Their rows are looked up, nothing else.
  case embedding
  case other
}
