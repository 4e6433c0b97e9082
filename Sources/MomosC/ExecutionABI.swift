// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have their names of momos.h.

public import CMomosABI
import Momos
import Synchronization

extension SessionOptions {
  /// - Parameter options: NULL for the default.
  fileprivate init(_ options: UnsafePointer<momos_execution_options>?) throws(MomosError) {
    self.init()
    guard let options = unsafe options else { return }
    let given = unsafe options.pointee.struct_byte_count
    guard given >= MemoryLayout<momos_execution_options>.size else {
      throw MomosError(
        .usage,
        "struct_byte_count: expected \(MemoryLayout<momos_execution_options>.size), the size of the structure, found "
          + "\(UInt(bitPattern: given))")
    }
    let (number, threads) = unsafe (options.pointee.precision, Int(options.pointee.thread_count))
    switch number {
    case MOMOS_FAST: precision = .fast
    case MOMOS_EXACT: precision = .exact
    case MOMOS_FASTEST: precision = .fastest
    default:
      throw MomosError(
        .usage, "precision: expected one of MOMOS_FAST, MOMOS_EXACT, MOMOS_FASTEST, found \(number)")
    }
    guard (0...1024).contains(threads) else {
      throw MomosError(.usage, "thread_count: expected 0 to 1024, found \(threads)")
    }
    threadCount = threads
  }
}

/// A matrix behind a pointer of C.
final class Matrix: Handled, Sendable {
  static let name: StaticString = "matrix"
  let multiplier: TensorMultiplier

  init(_ multiplier: TensorMultiplier) {
    self.multiplier = multiplier
  }
}

@c @implementation
public func momos_matrix_load(
  _ model: OpaquePointer?, _ tensorNumber: Int, _ options: UnsafePointer<momos_execution_options>?,
  _ matrix: UnsafeMutablePointer<OpaquePointer?>?
) -> momos_status {
  status { () throws(MomosError) in
    let model = try unsafe Handle.object(model, Model.self)
    let target = unsafe try required(matrix, "matrix")
    let multiplier = try model.file.multiplier(
      model.name(tensorNumber), options: unsafe SessionOptions(options))
    unsafe target.pointee = unsafe Handle.make(Matrix(multiplier))
  }
}

@c @implementation
public func momos_matrix_free(_ matrix: OpaquePointer?) { unsafe Handle.free(matrix, Matrix.self) }

@c @implementation
public func momos_matrix_rows(_ matrix: OpaquePointer?) -> Int {
  (try? unsafe Handle.object(matrix, Matrix.self))?.multiplier.rows ?? 0
}

@c @implementation
public func momos_matrix_columns(_ matrix: OpaquePointer?) -> Int {
  (try? unsafe Handle.object(matrix, Matrix.self))?.multiplier.columns ?? 0
}

@c @implementation
public func momos_matrix_multiply(
  _ matrix: OpaquePointer?, _ batch: Int, _ input: UnsafePointer<Float>?, _ inputCount: Int,
  _ output: UnsafeMutablePointer<Float>?, _ outputCount: Int
) -> momos_status {
  status { () throws(MomosError) in
    let multiplier = try unsafe Handle.object(matrix, Matrix.self).multiplier
    guard batch >= 0, inputCount >= 0, outputCount >= 0 else {
      throw MomosError(.usage, "expected counts below 2^63, found a larger one")
    }
    let source = try unsafe numbers(input, inputCount, "input")
    let target = try unsafe UnsafeMutablePointer(
      mutating: numbers(output.map { unsafe UnsafePointer($0) }, outputCount, "output"))
    let vectors = unsafe Span(_unsafeStart: source, count: inputCount)
    var products = unsafe MutableSpan(_unsafeStart: target, count: outputCount)
    try multiplier.multiply(vectors, batch: batch, into: &products)
  }
}

/// Numbers at a pointer, which may be NULL where there are none.
@unsafe
private func numbers(
  _ pointer: UnsafePointer<Float>?, _ count: Int, _ name: StaticString
) throws(MomosError) -> UnsafePointer<Float> {
  if count == 0 { return unsafe UnsafePointer(noNumbers) }
  return unsafe try required(pointer, name).aligned(name)
}

/// Stands for arrays without elements.
nonisolated(unsafe) private let noNumbers = UnsafeMutablePointer<Float>.allocate(capacity: 1)

/// A session and what C is told of its inputs and outputs.
@safe
final class SessionObject: Handled, @unchecked Sendable {
  static let name: StaticString = "session"
  let session: Session
  fileprivate let inputs: [momos_value_facts]
  fileprivate let outputs: [momos_value_facts]
  private let values = CValues()

  init(_ session: Session) {
    self.session = session
    unsafe inputs = session.inputs.map { [values] in unsafe $0.facts(in: values) }
    unsafe outputs = session.outputs.map { [values] in unsafe $0.facts(in: values) }
  }
}

extension GraphValue {
  @unsafe
  fileprivate func facts(in values: CValues) -> momos_value_facts {
    let sizes = (dimensions ?? []).map { dimension in
      if case .size(let size) = dimension { size } else { -1 }
    }
    let symbols = (dimensions ?? []).map { dimension in
      if case .symbol(let symbol) = dimension { symbol } else { "" }
    }
    return unsafe momos_value_facts(
      struct_byte_count: 0, name: values.text(name),
      element_type: momos_element_type(elementType?.rawValue ?? 0),
      rank: dimensions == nil ? -1 : Int32(clamping: sizes.count), dimensions: values.numbers(sizes),
      symbols: values.texts(symbols))
  }
}

@c @implementation
public func momos_session_create(
  _ model: OpaquePointer?, _ options: UnsafePointer<momos_execution_options>?,
  _ session: UnsafeMutablePointer<OpaquePointer?>?
) -> momos_status {
  status { () throws(MomosError) in
    let model = try unsafe Handle.object(model, Model.self)
    let target = unsafe try required(session, "session")
    let session = try model.file.session(options: unsafe SessionOptions(options))
    unsafe target.pointee = unsafe Handle.make(SessionObject(session))
  }
}

@c @implementation
public func momos_session_free(_ session: OpaquePointer?) { unsafe Handle.free(session, SessionObject.self) }

@c @implementation
public func momos_session_input_count(_ session: OpaquePointer?) -> Int {
  (try? unsafe Handle.object(session, SessionObject.self))?.session.inputs.count ?? 0
}

@c @implementation
public func momos_session_output_count(_ session: OpaquePointer?) -> Int {
  (try? unsafe Handle.object(session, SessionObject.self))?.session.outputs.count ?? 0
}

@c @implementation
public func momos_session_describe_input(
  _ session: OpaquePointer?, _ number: Int, _ facts: UnsafeMutablePointer<momos_value_facts>?
) -> momos_status {
  status { () throws(MomosError) in
    let session = try unsafe Handle.object(session, SessionObject.self)
    try unsafe describe(session.inputs, number, facts, kind: "input")
  }
}

@c @implementation
public func momos_session_describe_output(
  _ session: OpaquePointer?, _ number: Int, _ facts: UnsafeMutablePointer<momos_value_facts>?
) -> momos_status {
  status { () throws(MomosError) in
    let session = try unsafe Handle.object(session, SessionObject.self)
    try unsafe describe(session.outputs, number, facts, kind: "output")
  }
}

private func describe(
  _ values: [momos_value_facts], _ number: Int, _ facts: UnsafeMutablePointer<momos_value_facts>?,
  kind: String
) throws(MomosError) {
  let target = unsafe try required(facts, "facts")
  try unsafe requireNumber(number, below: values.count, of: kind)
  try unsafe write(values[number], to: target, byteCount: target.pointee.struct_byte_count)
}

private func requireNumber(_ number: Int, below count: Int, of kind: String) throws(MomosError) {
  guard number >= 0, number < count else {
    throw MomosError(
      .usage, "expected an \(kind) number from 0, below \(count), found \(UInt(bitPattern: number))")
  }
}

/// Inputs and outputs of executions.
@safe
final class RunObject: Handled, Sendable {
  static let name: StaticString = "run"
  fileprivate let session: SessionObject
  fileprivate let state = Mutex(State())

  fileprivate struct State {
    var inputs: [String: Tensor] = [:]
    var outputs: [Output] = []
  }

  fileprivate init(_ session: SessionObject) {
    self.session = session
  }
}

/// A tensor whose dimensions C sees.
@safe
private final class Output: @unchecked Sendable {
  let tensor: Tensor
  let dimensions: UnsafePointer<Int64>
  private let values = CValues()

  init(_ tensor: Tensor) {
    self.tensor = tensor
    unsafe dimensions = values.numbers(tensor.shape.dimensions)
  }

  var array: momos_array {
    let bytes = tensor.bytes
    let data = unsafe bytes.bytes.withUnsafeBytes { $0.baseAddress }
    return unsafe momos_array(
      struct_byte_count: 0, element_type: momos_element_type(tensor.elementType.rawValue),
      rank: tensor.shape.rank,
      dimensions: dimensions, data: data, byte_count: tensor.bytes.count)
  }
}

@c @implementation
public func momos_run_create(
  _ session: OpaquePointer?, _ run: UnsafeMutablePointer<OpaquePointer?>?
) -> momos_status {
  status { () throws(MomosError) in
    let session = try unsafe Handle.object(session, SessionObject.self)
    let target = unsafe try required(run, "run")
    unsafe target.pointee = unsafe Handle.make(RunObject(session))
  }
}

@c @implementation
public func momos_run_free(_ run: OpaquePointer?) { unsafe Handle.free(run, RunObject.self) }

@c @implementation
public func momos_run_set_input(
  _ run: OpaquePointer?, _ number: Int, _ elementType: momos_element_type,
  _ dimensions: UnsafePointer<Int64>?,
  _ rank: Int, _ data: UnsafeRawPointer?, _ byteCount: Int
) -> momos_status {
  status { () throws(MomosError) in
    let run = try unsafe Handle.object(run, RunObject.self)
    let inputs = run.session.session.inputs
    try requireNumber(number, below: inputs.count, of: "input")
    let tensor = try unsafe tensor(elementType, dimensions, rank, data, byteCount)
    run.state.withLock { $0.inputs[inputs[number].name] = tensor }
  }
}

private func translating<Value>(_ work: () throws(ModelError) -> Value) throws(MomosError) -> Value {
  do throws(ModelError) { return try work() } catch { throw MomosError(.usage, "\(error)") }
}

/// A copy of a caller's tensor.
@unsafe
private func tensor(
  _ elementType: momos_element_type, _ dimensions: UnsafePointer<Int64>?, _ rank: Int,
  _ data: UnsafeRawPointer?,
  _ byteCount: Int
) throws(MomosError) -> Tensor {
  guard let elementType = ElementType(rawValue: Int(elementType)) else {
    throw MomosError(.usage, "expected an element type, found \(elementType)")
  }
  guard rank >= 0, rank <= Shape.maximumRank else {
    throw MomosError(.usage, "expected rank 0 to \(Shape.maximumRank), found \(UInt(bitPattern: rank))")
  }
  var sizes: [Int] = []
  if rank > 0 {
    let pointer = unsafe try required(dimensions, "dimensions").aligned("dimensions")
    for axis in 0..<rank { sizes.append(unsafe Int(pointer[axis])) }
  }
  let shape = try translating { () throws(ModelError) in try Shape(sizes) }
  let expected = shape.elementCount * elementType.byteCount
  guard byteCount == expected, unsafe data != nil || expected == 0 else {
    throw MomosError(
      .usage,
      "expected \(expected) bytes for \(elementType.name) \(shape), found \(UInt(bitPattern: byteCount)) or NULL"
    )
  }
  let bytes = try translating { () throws(ModelError) in
    try unsafe Bytes(copying: UnsafeRawBufferPointer(start: data, count: byteCount))
  }
  return Tensor(elementType: elementType, shape: shape, bytes: bytes)
}

@c @implementation
public func momos_run_execute(_ run: OpaquePointer?) -> momos_status {
  status { () throws(MomosError) in
    let run = try unsafe Handle.object(run, RunObject.self)
    let session = run.session.session
    try run.state.withLock { state throws(MomosError) in
      state.outputs = []
      let outputs = try session.run(state.inputs)
      state.outputs = session.outputs.compactMap { outputs[$0.name].map(Output.init) }
    }
  }
}

@c @implementation
public func momos_run_output(
  _ run: OpaquePointer?, _ number: Int, _ array: UnsafeMutablePointer<momos_array>?
) -> momos_status {
  status { () throws(MomosError) in
    let run = try unsafe Handle.object(run, RunObject.self)
    let target = unsafe try required(array, "array")
    let outputs = run.state.withLock { $0.outputs }
    guard !outputs.isEmpty else {
      throw MomosError(.usage, "expected an execution that succeeded before its outputs, found none")
    }
    try requireNumber(number, below: outputs.count, of: "output")
    try unsafe write(outputs[number].array, to: target, byteCount: target.pointee.struct_byte_count)
  }
}
