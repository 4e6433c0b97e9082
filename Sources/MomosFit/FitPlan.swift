public import MomosModel

/// A tensor of the source, before anything is decided about it.
public struct FitCandidate: Sendable {
  public let name: String
  public let elementType: ElementType
  public let shape: Shape
  public let role: FitRole

  public init(name: String, elementType: ElementType, shape: Shape, role: FitRole) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.role = role
  }
}

/// Whether a tensor may become a mosaic, and how it is seen as a matrix then.
public enum FitRole: Sendable, Hashable {
  case linear(MatrixView)
  /// Stays dense, for a reason that reports show.
  case dense(reason: String)
}

/// Everything that is decided before the fit: inspectable, without side effects.
public struct FitPlan: Sendable {
  public let options: FitOptions
  public let dictionaries: [PlannedDictionary]
  /// In the order of the source.
  public let tensors: [TensorPlan]
}

/// A dictionary that the fit will train, or one whose motifs are known already.
public struct PlannedDictionary: Sendable {
  public enum Motifs: Sendable {
    /// Found by k-means on the residual of the earlier stages of the same group.
    case trained(group: Int, stage: Int)
    /// The distinct blocks of tensors that are stored without loss.
    case exact(MotifDictionary)
  }

  public let motifCount: Int
  public let blockLength: Int
  public let elementType: ElementType
  public let motifs: Motifs
  /// Weights of all tensors that use it.
  public let weightCount: Int

  public var byteCount: Int { motifCount * blockLength * elementType.byteCount }

  /// The layout of mosaics of this dictionary, in a tensor of so many rows: the one that kernels stream.
  public func layout(rowCount: Int) -> IndexLayout {
    IndexLayout.preferred(
      rowCount: rowCount, indexWidth: MotifDictionary.indexWidth(motifCount: motifCount),
      blockLength: blockLength)
  }

  /// Whether motif 0 is zeros.
  public func hasZeroMotif(_ options: FitOptions) -> Bool {
    switch motifs {
    case .exact(let dictionary): dictionary.hasZeroMotif
    case .trained: options.hasZeroMotif
    }
  }
}

/// What happens to one tensor.
public struct TensorPlan: Sendable {
  public enum Form: Sendable {
    case dense(reason: String)
    /// Stored without loss, through the dictionary with this position in the plan.
    case exact(MatrixView, dictionary: Int)
    /// Fitted, one dictionary position for each stage. No row scale type means no row scale.
    case mosaic(MatrixView, dictionaries: [Int], rowScale: ElementType?)
  }

  public let name: String
  public let elementType: ElementType
  public let shape: Shape
  public let form: Form

  /// Bytes of the dense source values.
  public var denseByteCount: Int { shape.elementCount * elementType.byteCount }
}

extension FitPlan {
  /// How a tensor is stored, in the words of reports: "s4k256", "s4k256x2" for two stages, "exact s4k17", "dense".
  public func className(of tensor: TensorPlan) -> String {
    switch tensor.form {
    case .dense:
      return "dense"
    case .exact(_, let dictionary):
      return "exact " + name(ofDictionary: dictionary)
    case .mosaic(_, let positions, _):
      return name(ofDictionary: positions[0]) + (positions.count > 1 ? "x\(positions.count)" : "")
    }
  }

  private func name(ofDictionary position: Int) -> String {
    "s\(dictionaries[position].blockLength)k\(dictionaries[position].motifCount)"
  }

  /// Bytes of indices and row scales of a tensor in memory; dense bytes for a dense one. Dictionaries are apart.
  public func byteCount(of tensor: TensorPlan) -> Int {
    switch tensor.form {
    case .dense:
      return tensor.denseByteCount
    case .exact(let view, let dictionary):
      return mosaicByteCount(view.matrixShape(of: tensor.shape), dictionary: dictionary)
    case .mosaic(let view, let positions, let rowScale):
      let matrix = view.matrixShape(of: tensor.shape)
      return positions.reduce(matrix[0] * (rowScale?.byteCount ?? 0)) {
        $0 + mosaicByteCount(matrix, dictionary: $1)
      }
    }
  }

  private func mosaicByteCount(_ matrix: Shape, dictionary position: Int) -> Int {
    let dictionary = dictionaries[position]
    let blocks = (matrix[1] + dictionary.blockLength - 1) / dictionary.blockLength
    return dictionary.layout(rowCount: matrix[0]).byteCount(
      rowCount: matrix[0], blockCount: blocks,
      indexWidth: MotifDictionary.indexWidth(motifCount: dictionary.motifCount))
  }

  /// Bits per weight of one tensor, its share of shared dictionaries included.
  public func bits(of tensor: TensorPlan) -> Double {
    let weights = tensor.shape.elementCount
    guard weights > 0 else { return 0 }
    let positions: [Int] =
      switch tensor.form {
      case .dense: []
      case .exact(_, let dictionary): [dictionary]
      case .mosaic(_, let positions, _): positions
      }
    let shares = positions.reduce(0.0) { sum, position in
      let dictionary = dictionaries[position]
      return sum + Double(dictionary.byteCount) * Double(weights) / Double(dictionary.weightCount)
    }
    return 8 * (Double(byteCount(of: tensor)) + shares) / Double(weights)
  }

  /// Bits per fitted weight of the model (indices, row scales, dictionaries, outliers); nil if nothing is fitted.
  public var bits: Double? {
    let fitted = tensors.filter { if case .dense = $0.form { false } else { true } }
    let weights = fitted.reduce(0) { $0 + $1.shape.elementCount }
    guard weights > 0 else { return nil }
    let bytes = fitted.reduce(dictionaries.reduce(0) { $0 + $1.byteCount }) { $0 + byteCount(of: $1) }
    return 8 * Double(bytes) / Double(weights)
  }
}
