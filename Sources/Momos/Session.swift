public import MomosFormat
import MomosKernels
public import MomosModel
import MomosRuntime

/// How a file is loaded and executed.
public struct SessionOptions: Sendable {
  /// How exactly mosaics are executed.
  public var precision = Precision.fast
  /// Whether the file is mapped or read.
  public var load = LoadMode.map
  /// 0 takes one thread for each processor. Results do not depend on it.
  public var threadCount = 0

  public init() {}

  func makePool() -> ThreadPool { ThreadPool(threadCount: threadCount) }
}

/// A model with a graph, loaded and planned, ready to run any number of times, from several threads at once.
public struct Session: Sendable {
  private let plan: ExecutionPlan
  /// What `run` must be given, in the graph's order.
  public var inputs: [GraphValue] { plan.inputs }
  /// What `run` returns, in the graph's order.
  public var outputs: [GraphValue] { plan.outputs }
  /// Bytes of the model's weights in memory, mapped or loaded.
  let weightByteCount: Int

  /// Opens a file, loads all tensors (digests are checked) and plans its graph.
  ///
  /// - Throws: for a file that is not there or breaks a rule, for one without a graph, and for a graph that cannot be executed.
  public init(path: String, options: SessionOptions = SessionOptions()) throws(MomosError) {
    self = try ModelFile(path: path, load: options.load).session(options: options)
  }

  /// Opens a file and plans its graph with every mosaic replaced by its dense weights.
  init(reconstructing path: String, options: SessionOptions) throws(MomosError) {
    let model = try MomosError.translating(in: path) {
      try MomosReader(path: path, load: options.load).loadModel().reconstructed()
    }
    try self.init(model: model, name: path, options: options)
  }

  /// Plans the graph of a model in memory.
  public init(
    model: Model, name: String = "the model", options: SessionOptions = SessionOptions()
  ) throws(MomosError) {
    try MomosError.translating { try InstructionSet.checkEnvironment() }
    guard !model.graphs.isEmpty else {
      throw MomosError(
        .badData, "\(name) has no graph to execute; momos-run --tensor NAME multiplies by one tensor")
    }
    weightByteCount = WeightMemory.byteCount(of: model.tensors.map(\.content))
    plan = try MomosError.translating {
      try ExecutionPlan(model: model, pool: options.makePool(), precision: options.precision)
    }
  }

  /// Executes the graph once.
  ///
  /// Values of narrower types than the graph asks for are widened where float32 holds them exactly. bfloat16, for
  /// which npy has no type, may be given as float32 that bfloat16 holds exactly.
  /// - Parameter inputs: one tensor for every graph input, by name.
  /// - Returns: one tensor for every graph output, by name.
  /// - Throws: kind `usage` for a missing input and for one that the graph does not have, `badData` for a type, shape or value that
  ///   it does not take, `system` where memory runs out.
  public func run(_ inputs: [String: Tensor]) throws(MomosError) -> [String: Tensor] {
    let tensors = try plan.inputs.converting(inputs)
    return try MomosError.translating { try plan.execute(tensors) }
  }

  /// Executes the graph once and tells what every node took, in the order of execution.
  func measureNodes(_ inputs: [String: Tensor]) throws(MomosError) -> [NodeTime] {
    let tensors = try plan.inputs.converting(inputs)
    return try MomosError.translating { try plan.measureNodes(tensors) }
  }

  /// Executes the graph once and shows what every node with a weight gives, in the order of execution.
  func run(
    _ inputs: [String: Tensor], observing observe: (NodeLabel, Tensor) -> Void
  ) throws(MomosError) -> [String: Tensor] {
    let tensors = try plan.inputs.converting(inputs)
    return try MomosError.translating { try plan.execute(tensors, observing: observe) }
  }
}

/// One weight matrix of a file, for weights without a graph: `y = W x`.
public struct TensorMultiplier: Sendable {
  private let weight: LinearWeight
  private let pool: ThreadPool
  /// Bytes of the matrix in memory, mapped or loaded.
  let weightByteCount: Int
  /// Output features.
  public var rows: Int { weight.rows }
  /// Input features.
  public var columns: Int { weight.columns }

  /// - Throws: `MomosError` if the file or tensor cannot be loaded, or the tensor is not a matrix.
  public init(
    path: String, tensor name: String, options: SessionOptions = SessionOptions()
  ) throws(MomosError) {
    self = try ModelFile(path: path, load: options.load).multiplier(name, options: options)
  }

  /// - Parameter axisOfDense: the input dimension of a dense matrix, which has no view of its own.
  init(
    _ content: TensorContent, name: String, axisOfDense: ConversionOptions.InputAxis = .last,
    precision: Precision, pool: ThreadPool
  ) throws(MomosError) {
    self.pool = pool
    let loaded: LinearWeight? = try MomosError.translating {
      var dictionaries = ExecutableDictionaries()
      switch content {
      case .mosaic(let mosaic):
        let view =
          mosaic.blocking == .rows ? mosaic.view : MatrixView.lastAxisIsInput(rank: mosaic.shape.rank)
        return try LinearWeight(
          mosaic: mosaic, view: view, precision: precision, dictionaries: &dictionaries)
      case .dense(let tensor) where tensor.shape.rank >= 2 && tensor.elementType.isFloatingPoint:
        return try LinearWeight(
          dense: axisOfDense.view(rank: tensor.shape.rank).matrix(of: tensor), precision: precision)
      case .dense, .alias: return nil
      }
    }
    guard let loaded else { throw MomosError(.badData, "tensor '\(name)' is not a matrix of numbers") }
    weight = loaded
    weightByteCount = WeightMemory.byteCount(of: [content])
  }

  /// The product for a batch of vectors, without copies: `output[b, i]` = sum over j of `W[i, j] * input[b, j]`.
  ///
  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - output: `[batch, rows]`, overwritten.
  public func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>
  ) throws(MomosError) {
    let (inputCount, inputOverflow) = batch.multipliedReportingOverflow(by: columns)
    let (outputCount, outputOverflow) = batch.multipliedReportingOverflow(by: rows)
    guard batch >= 0, !inputOverflow, !outputOverflow, input.count == inputCount, output.count == outputCount
    else {
      throw MomosError(
        .usage,
        "expected \(batch) times \(columns) numbers to multiply and \(batch) times \(rows) for the product, found "
          + "\(input.count) and \(output.count)")
    }
    do throws(ModelError) {
      try weight.multiply(input, batch: batch, into: &output, pool: pool)
    } catch {
      throw MomosError(error)
    }
  }

  /// The product for a batch of vectors.
  /// - Parameter input: `[batch, columns]` or `[columns]`, of a type that float32 holds exactly.
  /// - Returns: float32 `[batch, rows]` or `[rows]`, and the number of motif products that were computed.
  public func multiply(_ input: Tensor) throws(MomosError) -> (output: Tensor, motifProducts: Int) {
    let rank = input.shape.rank
    guard rank == 1 || rank == 2, input.shape[rank - 1] == weight.columns else {
      throw MomosError(
        .badData, "the input must have shape [batch, \(weight.columns)], found \(input.shape)")
    }
    return try MomosError.translating {
      let batch = rank == 2 ? input.shape[0] : 1
      let values = try input.widenedToFloat32()
      let shape = try Shape(rank == 2 ? [batch, weight.rows] : [weight.rows])
      var buffer = try MutableBytes(byteCount: shape.elementCount * MemoryLayout<Float>.stride)
      var target = buffer.mutableSpan(of: Float.self)
      let products = try weight.multiply(
        values.bytes.span(of: Float.self), batch: batch, into: &target, pool: pool)
      return (Tensor(elementType: .float32, shape: shape, bytes: buffer.freeze()), products)
    }
  }
}

extension [GraphValue] {
  /// Tensors for the inputs of a graph, in the types that it asks for.
  func converting(_ inputs: [String: Tensor]) throws(MomosError) -> [String: Tensor] {
    var converted = inputs
    for value in self {
      guard let tensor = inputs[value.name] else { continue }
      switch (value.elementType, tensor.elementType) {
      case (.float32, _):
        converted[value.name] = try MomosError.translating {
          try tensor.widenedToFloat32(input: value.name)
        }
      case (.bfloat16, .float32):
        converted[value.name] = try MomosError.translating {
          try tensor.narrowedToBFloat16(input: value.name)
        }
      default: continue
      }
    }
    return converted
  }
}

extension Tensor {
  /// The tensor in float32, for element types whose every value float32 holds exactly.
  ///
  /// - Parameter name: of the input that it is, for the error; nil where there is but one.
  func widenedToFloat32(input name: String? = nil) throws -> Tensor {
    switch elementType {
    case .float32: return self
    case .float16, .bfloat16, .int8, .uint8, .int16, .uint16, .bool:
      return try Tensor(floats(), shape: shape)
    case .float64, .int32, .uint32, .int64, .uint64:
      throw MomosError(
        .badData,
        "\(name.map { "input '\($0)'" } ?? "the input") must be f32, found \(elementType.name), whose values f32 may not hold: convert it first"
      )
    }
  }
  /// A float32 tensor in bfloat16, which must hold every value exactly.
  fileprivate func narrowedToBFloat16(input name: String) throws -> Tensor {
    let values = floats()
    if let value = values.first(where: { !$0.isNaN && Float(bfloat16Bits: $0.bfloat16Bits) != $0 }) {
      throw MomosError(
        .badData, "input '\(name)' must be bf16, or f32 whose values bf16 holds; found \(value)")
    }
    return try Tensor(rounding: values, to: .bfloat16, shape: shape)
  }
}
