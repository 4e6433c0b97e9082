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
  /// What decides which blocks become zero; by perturbation it needs a calibration, and a matrix that no sample reaches is
  /// annealed by the weights alone.
  public var annealing = AnnealingRule.statistical
  /// The most that the outputs may lose through one tensor on the samples, 1 - cosine.
  public var maximumLoss = 0.001

  public init() {}

  /// What decides the bytes of a file beside the initial weights, for its provenance.
  var provenance: [ProvenanceOption] {
    var options = [
      ProvenanceOption(name: "alpha", value: "\(level)"),
      ProvenanceOption(name: "max-loss", value: "\(maximumLoss)"),
    ]
    if annealing != .statistical {
      options.append(ProvenanceOption(name: "annealing", value: annealing.rawValue))
    }
    if let initialization {
      options.append(ProvenanceOption(name: "initialization", value: "\(initialization)"))
    }
    return options
  }

  /// The weights before training, opened.
  func initialWeightsSource() throws(MomosError) -> SourceModel? {
    initialWeights.isEmpty ? nil : try SourceModel(sources: initialWeights)
  }

  fileprivate func validate() throws(MomosError) {
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

extension ConversionOptions {
  /// With decomposition motifs are plain: annealed blocks are zero motifs, which overlapping ones would reach into.
  ///
  /// - Throws: for options that decomposition excludes.
  func decomposable() throws(MomosError) -> ConversionOptions {
    guard let decomposition else { return self }
    try decomposition.validate()
    guard decomposition.annealing == .statistical || !calibration.isEmpty else {
      throw MomosError(.usage, "--annealing \(decomposition.annealing.rawValue) needs --calibration")
    }
    guard fit.hasZeroMotif else {
      throw MomosError(.usage, "--decompose needs the zero motif, which --no-zero-motif leaves out")
    }
    guard fit.form != .overlapping, !fit.isOverlapping else {
      throw MomosError(.usage, "--decompose needs plain motifs, which --form overlapping leaves out")
    }
    guard fit.blocking == .rows else {
      throw MomosError(.usage, "--decompose needs blocks along rows, which --blocking flat does not cut")
    }
    guard plan == nil, savedPlan == nil else {
      throw MomosError(.usage, "--decompose chooses parts that a plan file cannot hold")
    }
    var options = self
    options.fit.form = .plain
    return options
  }
}
