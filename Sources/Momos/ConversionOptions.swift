public import MomosFit
import MomosModel

/// What a conversion reads, writes and decides.
public struct ConversionOptions: Sendable {
  /// Which axis of a matrix is its input dimension where no graph says so.
  public enum InputAxis: String, Sendable, CaseIterable {
    /// `[out, in]`, as frameworks store linear layers.
    case last
    /// `[in, out]`.
    case first

    func view(rank: Int) -> MatrixView {
      switch self {
      case .last: .lastAxisIsInput(rank: rank)
      case .first: .firstAxisIsInput(rank: rank)
      }
    }
  }

  /// Files and folders in the spellings of `momos-convert`: FILE, FOLDER, NAME=FILE, NAME=FILE:TYPE[SHAPE].
  public var sources: [String]
  /// The `.momos` file to write; nil plans only.
  public var output: String?
  /// A graph in JSON.
  public var graph: String?
  /// How much the weights may cost, and the random choices of the fit; `FitChoice` has the defaults of `momos-convert`.
  public var fit = FitOptions()
  /// What weights are calibrated on: `FILE.npz`, `FOLDER` of such files, `NAME=FILE.npy`, or a saved calibration.
  public var calibration: [String] = []
  /// An .npz file to write the calibration to.
  public var savedCalibration: String?
  /// A plan file that decides the classes of tensors, instead of a goal or numbers in `fit`.
  public var plan: String?
  /// A JSON file to write the plan to.
  public var savedPlan: String?
  /// How matrices are decomposed; nil leaves them whole.
  public var decomposition: DecompositionOptions?
  /// Regular expressions of literals, `.`, `[a-z]`, `\d \w \s`, groups, `|` and `* + ? {n,m}`; a tensor whose whole name matches one
  /// stays dense.
  public var densePatterns: [String] = []
  /// The input dimension of matrices without a graph.
  public var inputAxis = InputAxis.last
  /// Whether sections that zstd shrinks usefully are stored compressed.
  public var compresses = true
  /// Whether an existing output may be replaced.
  public var overwrites = false
  /// Whether an interrupted conversion to this output is continued; it must have had the same options and inputs.
  public var resumes = false
  /// 0 takes one thread for each processor. The result does not depend on it.
  public var threadCount = 0

  public init(sources: [String], output: String? = nil) {
    self.sources = sources
    self.output = output
  }

  /// The options that decide the classes of tensors; a plan file shows in the classes themselves.
  private var classOptions: [ProvenanceOption] {
    if plan != nil { return [ProvenanceOption(name: "plan", value: "true")] }
    let choice = [
      ProvenanceOption(name: "form", value: fit.form.rawValue),
      ProvenanceOption(name: "prefer", value: fit.preference.rawValue),
    ]
    switch fit.goal {
    case .bits(let bits): return [ProvenanceOption(name: "bits", value: "\(bits)")] + choice
    case .fileByteCount(let count): return [ProvenanceOption(name: "target-size", value: "\(count)")] + choice
    case .cosine(let cosine): return [ProvenanceOption(name: "target-cosine", value: "\(cosine)")] + choice
    case .explicit: return numberOptions
    }
  }

  private var numberOptions: [ProvenanceOption] {
    var options = [
      ProvenanceOption(name: "block-length", value: "\(fit.blockLength)"),
      ProvenanceOption(name: "stages", value: "\(fit.stageCount)"),
      ProvenanceOption(name: "dictionary", value: fit.dictionaryScope.rawValue),
    ]
    switch fit.motifs {
    case .count(let count): options.append(ProvenanceOption(name: "motifs", value: "\(count)"))
    case .capacity(let capacity):
      options.append(ProvenanceOption(name: "capacity", value: "\(capacity)"))
    }
    if fit.blocking != .rows { options.append(ProvenanceOption(name: "blocking", value: fit.blocking.name)) }
    if fit.isOverlapping { options.append(ProvenanceOption(name: "form", value: "overlapping")) }
    return options
  }

  /// The options that decide the bytes of the file, for its provenance.
  /// - Parameters:
  ///   - calibration: its digest.
  ///   - initialWeights: the digest of what they say.
  func provenanceOptions(calibration: UInt64?, initialWeights: UInt64? = nil) -> [ProvenanceOption] {
    var options = classOptions
    if let calibration { options.append(ProvenanceOption(name: "calibration", digest: calibration)) }
    options.append(ProvenanceOption(name: "effort", value: fit.effort.rawValue))
    if !fit.hasZeroMotif { options.append(ProvenanceOption(name: "no-zero-motif", value: "true")) }
    if !fit.isAntipodal { options.append(ProvenanceOption(name: "antipodal", value: "false")) }
    if !fit.keepsOutliers { options.append(ProvenanceOption(name: "outliers", value: "false")) }
    if !fit.hasRowScale { options.append(ProvenanceOption(name: "no-row-scale", value: "true")) }
    if let decomposition { options += decomposition.provenance }
    if let initialWeights {
      options.append(ProvenanceOption(name: "initial-weights", digest: initialWeights))
    }
    for pattern in densePatterns { options.append(ProvenanceOption(name: "dense", value: pattern)) }
    if graph == nil { options.append(ProvenanceOption(name: "input-axis", value: inputAxis.rawValue)) }
    return options
  }
}

extension Provenance {
  /// The input axis that the conversion was told; the last one if the file does not say.
  var inputAxis: ConversionOptions.InputAxis {
    let option = options.first { $0.name == "input-axis" }
    return option.flatMap { ConversionOptions.InputAxis(rawValue: $0.value) } ?? .last
  }
}

extension ProvenanceOption {
  fileprivate init(name: String, digest: UInt64) {
    let digits = String(digest, radix: 16)
    self.init(name: name, value: "xxh3 \(String(repeating: "0", count: 16 - digits.count))\(digits)")
  }
}
