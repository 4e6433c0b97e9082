public import MomosFit
import MomosModel

/// How matrices are tested for structure and for weights that training left alone.
public struct DecompositionOptions: Sendable {
  /// Alpha: the probability that a block without meaning is kept, and that structure is found where there is none.
  public var level = 0.01
  /// How the weights were drawn before training; nil estimates it from the weights, or measures `initialWeights`.
  public var initialization: InitializationRule?
  /// Sources of the weights before training, under the names of those after it.
  public var initialWeights: [String] = []
  /// The most that the outputs may lose through one tensor on the samples, 1 - cosine.
  public var maximumLoss = 0.001

  public init() {}

  /// What decides the bytes of a file, for its provenance.
  var provenance: [ProvenanceOption] {
    var options = [
      ProvenanceOption(name: "alpha", value: "\(level)"),
      ProvenanceOption(name: "max-loss", value: "\(maximumLoss)"),
    ]
    if let initialization {
      options.append(ProvenanceOption(name: "initialization", value: "\(initialization)"))
    }
    if !initialWeights.isEmpty { options.append(ProvenanceOption(name: "initial-weights", value: "true")) }
    return options
  }

  /// - Throws: `MomosError` for a number outside its range.
  func validate() throws(MomosError) {
    guard level > 0, level < 1 else {
      throw MomosError(.usage, "--alpha: expected above 0, below 1, found \(level)")
    }
    guard maximumLoss >= 0 else {
      throw MomosError(.usage, "--max-loss: expected 0 or more, found \(maximumLoss)")
    }
    guard initialization == nil || initialWeights.isEmpty else {
      throw MomosError(.usage, "--initialization and --initial-weights exclude each other")
    }
  }
}
