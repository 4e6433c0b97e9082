public import MomosFormat
import MomosKernels
public import MomosModel

/// An open `.momos` file, of which tensors, products and sessions are made. Any number of threads may use it.
///
/// Opening checks the structure; the weights are not touched before something asks for them.
public struct ModelFile: Sendable {
  /// The path, for messages.
  public let name: String
  let reader: MomosReader

  /// Opens a file.
  ///
  /// - Throws: kind `missingInput` for a path that cannot be opened, `badData` for a file that breaks a rule, `system` for one that
  ///   cannot be read.
  public init(path: String, load: LoadMode = .map) throws(MomosError) {
    name = path
    reader = try MomosError.translating(in: path) { try MomosReader(path: path, load: load) }
  }

  /// A file in memory; copied if it does not start at a multiple of 64.
  public init(bytes: Bytes, name: String) throws(MomosError) {
    self.name = name
    reader = try MomosError.translating(in: name) { try MomosReader(bytes: bytes) }
  }

  /// The catalog, in the order of the file.
  public var tensors: [TensorEntry] { reader.tensors }

  /// The catalog entry of a tensor.
  public func entry(_ tensor: String) throws(MomosError) -> TensorEntry {
    try MomosError.translating(in: name) { try reader.entry(tensor) }
  }

  /// Loads a tensor, for an alias the one that it repeats.
  public func tensor(_ tensor: String) throws(MomosError) -> LoadedTensor {
    LoadedTensor(try content(tensor))
  }

  /// Loads a tensor as the matrix of `y = W x`.
  public func multiplier(
    _ tensor: String, options: SessionOptions = SessionOptions()
  ) throws(MomosError) -> TensorMultiplier {
    try MomosError.translating { try InstructionSet.checkEnvironment() }
    return try TensorMultiplier(
      content(tensor), name: tensor, axisOfDense: reader.provenance.inputAxis, precision: options.precision,
      pool: options.makePool())
  }

  /// Loads all tensors and plans the graph.
  public func session(options: SessionOptions = SessionOptions()) throws(MomosError) -> Session {
    let model = try MomosError.translating(in: name) { try reader.loadModel() }
    return try Session(model: model, name: name, options: options)
  }

  /// Checks every digest, index and value, one tensor at a time.
  public func check() throws(MomosError) {
    try MomosError.translating(in: name) { try reader.checkAll() }
  }

  private func content(_ tensor: String) throws(MomosError) -> TensorContent {
    try MomosError.translating(in: name) { try reader.resolve(tensor) }
  }
}

/// A tensor in memory, dense or as a mosaic, whose weights can be had.
public struct LoadedTensor: Sendable {
  private let content: TensorContent
  /// That of the source; what is reconstructed has it.
  public let elementType: ElementType
  public let shape: Shape
  private let rows = Kept<RowReconstruction>()

  init(_ content: TensorContent) {
    self.content = content
    switch content {
    case .dense(let tensor): (elementType, shape) = (tensor.elementType, tensor.shape)
    case .mosaic(let mosaic): (elementType, shape) = (mosaic.elementType, mosaic.shape)
    case .alias(let name): preconditionFailure("alias of '\(name)' not resolved")
    }
  }

  /// The tensor as it lies in memory; nil for a mosaic.
  public var stored: Tensor? {
    if case .dense(let tensor) = content { tensor } else { nil }
  }

  /// The whole tensor, reconstructed where it is a mosaic.
  public func dense() throws(MomosError) -> Tensor {
    try MomosError.translating { try content.dense() }
  }

  /// Rows of the tensor: what its first dimension counts.
  ///
  /// - Parameter numbers: of the rows, in any order.
  /// - Returns: a tensor of as many rows.
  /// - Complexity: of the rows alone where they are those of the matrix that a mosaic stands for, or of one that was
  ///   flattened; otherwise of the whole tensor.
  public func rows(_ numbers: [Int]) throws(MomosError) -> Tensor {
    guard let rowCount = shape.dimensions.first else {
      throw MomosError(.usage, "expected a tensor with rows, found a scalar")
    }
    if let number = numbers.first(where: { $0 < 0 || $0 >= rowCount }) {
      throw MomosError(.usage, "expected a row from 0, below \(rowCount), found \(number)")
    }
    return try MomosError.translating {
      let result = try Shape([numbers.count] + shape.dimensions.dropFirst())
      if let table = try rowTable { return try rows(numbers, of: table, shape: result) }
      return try content.dense().rows(numbers, shape: result)
    }
  }

  /// What reconstructs rows one by one; nil where rows of the tensor are not rows of its matrix.
  private var rowTable: RowReconstruction? {
    get throws {
      guard case .mosaic(let mosaic) = content, shape.elementCount > 0 else { return nil }
      let isRowwise =
        mosaic.blocking == .flat ? shape.rank == 2 : mosaic.view.isIdentity && mosaic.view.rowAxes == 1
      guard isRowwise else { return nil }
      if let known = rows.value { return known }
      let table = RowReconstruction(mosaic)
      rows.value = table
      return table
    }
  }

  private func rows(_ numbers: [Int], of table: RowReconstruction, shape: Shape) throws -> Tensor {
    var buffer = try MutableBytes(byteCount: shape.elementCount * elementType.byteCount)
    switch elementType.byteCount {
    case 2: table.write(numbers, as: UInt16.self, to: &buffer)
    case 4: table.write(numbers, as: UInt32.self, to: &buffer)
    default: table.write(numbers, as: UInt64.self, to: &buffer)
    }
    return Tensor(elementType: elementType, shape: shape, bytes: buffer.freeze())
  }
}

extension RowReconstruction {
  /// Writes rows one after another.
  fileprivate func write<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ rows: [Int], as pattern: Pattern.Type, to buffer: inout MutableBytes
  ) {
    var weights = buffer.mutableSpan(of: pattern)
    for (position, row) in rows.enumerated() {
      var target = weights._mutatingExtracting((position * columnCount)..<((position + 1) * columnCount))
      write(row: row, to: &target)
    }
  }
}

extension Tensor {
  /// Rows, one after another.
  fileprivate func rows(_ numbers: [Int], shape: Shape) throws -> Tensor {
    let byteCount = shape.elementCount * elementType.byteCount
    let rowByteCount = numbers.isEmpty ? 0 : byteCount / numbers.count
    var buffer = try MutableBytes(byteCount: byteCount)
    var target = buffer.mutableSpan(of: UInt8.self)
    let source = bytes.span(of: UInt8.self)
    for (position, row) in numbers.enumerated() {
      for byte in 0..<rowByteCount {
        target[position * rowByteCount + byte] = source[row * rowByteCount + byte]
      }
    }
    return Tensor(elementType: elementType, shape: shape, bytes: buffer.freeze())
  }
}
