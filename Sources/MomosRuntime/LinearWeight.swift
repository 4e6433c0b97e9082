public import MomosKernels
public import MomosModel

/// A weight matrix `[rows, columns]` that operators multiply by; the only type of the runtime that knows mosaics.
public struct LinearWeight: Sendable {
  private enum Form: Sendable {
    case dense(DenseMultiplier)
    case mosaic(MosaicMultiplier)
    case flat(FlatMultiplier)
  }

  /// Output features.
  public let rows: Int
  /// Input features.
  public let columns: Int
  private let form: Form
  private let precision: Precision
  /// Convolves images with the rows as filters; nil for mosaics whose parts or outliers its kernels do not take.
  let convolution: ConvolutionMultiplier?

  /// A dense matrix `[rows, columns]` of any floating-point type.
  /// - Parameter precision: decides the kernels for bfloat16; other types are always executed exactly.
  public init(dense matrix: Tensor, precision: Precision = .exact) throws(ModelError) {
    self.precision = precision
    rows = matrix.shape[0]
    columns = matrix.shape[1]
    form = .dense(try DenseMultiplier(matrix))
    convolution = try ConvolutionMultiplier(matrix)
  }

  /// A mosaic, seen as a matrix through `view`. With blocking `.rows` that must be the tensor's own view.
  /// - Parameters:
  ///   - precision: decides the kernels; flat mosaics are always executed exactly.
  ///   - dictionaries: expands each shared dictionary once for all weights of a plan.
  public init(
    mosaic tensor: MosaicTensor, view: MatrixView, precision: Precision,
    dictionaries: inout ExecutableDictionaries
  ) throws(ModelError) {
    self.precision = precision
    let shape = view.matrixShape(of: tensor.shape)
    rows = shape[0]
    columns = shape[1]
    switch tensor.blocking {
    case .rows:
      precondition(view == tensor.view)
      form = .mosaic(try MosaicMultiplier(tensor, precision: precision, dictionaries: &dictionaries))
      convolution = try Self.convolution(tensor, dictionaries: &dictionaries)
    case .flat:
      form = .flat(try FlatMultiplier(tensor, view: view))
      convolution = nil
    }
  }

  /// A mosaic with one part of all rows, or several of as many rows each that follow one another, as the groups of a
  /// convolution do.
  private static func convolution(
    _ tensor: MosaicTensor, dictionaries: inout ExecutableDictionaries
  ) throws(ModelError) -> ConvolutionMultiplier? {
    let (rows, columns) = (tensor.matrixShape[0], tensor.matrixShape[1])
    let count = tensor.parts.count
    guard tensor.outliers.count == 0, count > 0, rows > 0, columns > 0, rows % count == 0 else { return nil }
    var parts: [ConvolutionMultiplier.Part] = []
    for (number, part) in tensor.parts.enumerated() {
      let range = (number * rows / count)..<((number + 1) * rows / count)
      guard part.columns == nil, !part.stages.isEmpty,
        part.rows.map({ $0.elementsEqual(range) }) ?? (count == 1)
      else { return nil }
      var stages: [(mosaic: Mosaic, dictionary: ExecutableDictionary)] = []
      for stage in part.stages { stages.append((stage.mosaic, try dictionaries.expand(stage.dictionary))) }
      parts.append((stages, part.rowScale?.floats()))
    }
    return try ConvolutionMultiplier(rows: rows, columns: columns, parts: parts)
  }

  /// `output[b, i]` = sum over j of `W[i, j] * input[b, j]`.
  ///
  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - output: `[batch, rows]`, overwritten.
  /// - Returns: how many dot products of a motif with an input block were computed; 0 for dense weights.
  @discardableResult
  public func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) -> Int {
    switch form {
    case .dense(let matrix):
      try matrix.multiply(input, batch: batch, precision: precision, into: &output, pool: pool)
      return 0
    case .mosaic(let mosaic):
      return try mosaic.multiply(input, batch: batch, into: &output, pool: pool)
    case .flat(let flat):
      return try flat.multiply(input, batch: batch, into: &output)
    }
  }
}

/// Dictionaries expanded for execution, each once.
public struct ExecutableDictionaries: Sendable {
  private var expanded: [ExecutableDictionary] = []

  public init() {}

  mutating func expand(_ dictionary: MotifDictionary) throws(ModelError) -> ExecutableDictionary {
    if let known = expanded.first(where: {
      $0.dictionary.values.isIdentical(to: dictionary.values) && $0.dictionary == dictionary
    }) {
      return known
    }
    let new = try ExecutableDictionary(dictionary)
    expanded.append(new)
    return new
  }
}
