/// A neural network's weights, its graph where there is one, and where it came from.
public struct Model: Sendable {
  /// In file order; names are unique.
  public var tensors: [NamedTensor]
  /// The first is the model, the others are subgraphs; empty for weights alone.
  public var graphs: [Graph]
  /// ONNX operator set versions by domain.
  public var operatorSets: [OperatorSet]
  public var provenance: Provenance

  public init(
    tensors: [NamedTensor] = [], graphs: [Graph] = [], operatorSets: [OperatorSet] = [],
    provenance: Provenance = Provenance()
  ) {
    self.tensors = tensors
    self.graphs = graphs
    self.operatorSets = operatorSets
    self.provenance = provenance
  }
}

/// A tensor of a model and its name.
public struct NamedTensor: Sendable {
  public var name: String
  public var content: TensorContent

  public init(name: String, content: TensorContent) {
    self.name = name
    self.content = content
  }
}

/// The forms a tensor can have in a model.
public enum TensorContent: Sendable {
  case dense(Tensor)
  case mosaic(MosaicTensor)
  /// The same weights as another tensor, by its name; never the name of an alias.
  case alias(String)
}

/// The version of one operator domain that a graph was written for.
public struct OperatorSet: Sendable, Hashable, Codable {
  /// "" is ONNX's default domain.
  public var domain: String
  public var version: Int

  public init(domain: String, version: Int) {
    self.domain = domain
    self.version = version
  }
}

/// What decided the bytes of a file: nothing that differs between two runs with the same result.
public struct Provenance: Sendable, Hashable, Codable {
  public var toolVersion: String
  public var seed: UInt64
  public var options: [ProvenanceOption]
  public var tensors: [TensorProvenance]

  public init(
    toolVersion: String = "", seed: UInt64 = 0, options: [ProvenanceOption] = [],
    tensors: [TensorProvenance] = []
  ) {
    self.toolVersion = toolVersion
    self.seed = seed
    self.options = options
    self.tensors = tensors
  }
}

/// An option that was given to the conversion.
public struct ProvenanceOption: Sendable, Hashable, Codable {
  public var name: String
  public var value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// How one tensor was converted.
public struct TensorProvenance: Sendable, Hashable, Codable {
  public var tensorName: String
  /// XXH3-64 of the dense source values, row-major and little-endian.
  public var sourceDigest: UInt64
  /// How it was stored, for instance "s4k256" or "dense".
  public var className: String
  /// Bits per fitted weight, its share of dictionaries included; bits per weight of a dense tensor.
  public var bits: Double
  /// |stored - source| / |source|, root of sums of squares.
  public var relativeError: Double
  /// The relative error of what the tensor makes of calibration inputs; nil or 0 where they are not known.
  public var outputError: Double?
  /// What the outputs of the model were expected to lose through the tensor, 1 - mean cosine.
  public var predictedLoss: Double?
  /// The same, measured on calibration samples.
  public var measuredLoss: Double?

  public init(
    tensorName: String, sourceDigest: UInt64, className: String, bits: Double, relativeError: Double,
    outputError: Double? = nil, predictedLoss: Double? = nil, measuredLoss: Double? = nil
  ) {
    self.tensorName = tensorName
    self.sourceDigest = sourceDigest
    self.className = className
    self.bits = bits
    self.relativeError = relativeError
    self.outputError = outputError
    self.predictedLoss = predictedLoss
    self.measuredLoss = measuredLoss
  }
}
