import CMomosABI
import Glibc

/// An object behind a pointer of C, which somebody else frees.
@safe
struct CObject {
  let pointer: OpaquePointer
}

/// Calls the functions of momos.h, and finds fault where they do not keep what the header promises.
struct ABIUser {
  private static let statuses = [
    MOMOS_OK, MOMOS_NOT_VERIFIED, MOMOS_USAGE, MOMOS_BAD_DATA, MOMOS_MISSING, MOMOS_SYSTEM, MOMOS_CANCELLED,
  ]
  /// Most bytes of a buffer.
  private static let mostBytes = 1 << 20

  var choices: Choices

  /// Whether the call succeeded.
  ///
  /// - Throws: `Finding` for a status that is none, and for a failure that says nothing or more than a line.
  @discardableResult
  func succeeded(_ status: momos_status) throws -> Bool {
    guard status != MOMOS_OK else { return true }
    let text = unsafe String(validatingCString: momos_error_text())
    guard Self.statuses.contains(status), let text, !text.isEmpty, !text.contains(where: \.isNewline) else {
      throw Finding(text: "status \(status): '\(text ?? "no UTF-8")'")
    }
    return false
  }

  /// The same for a call that makes an object: it is there exactly where the call succeeded.
  private func made(_ status: momos_status, _ object: OpaquePointer?) throws -> CObject? {
    let isMade = unsafe object != nil
    guard try succeeded(status) == isMade else {
      throw Finding(text: "status \(status) with \(isMade ? "an" : "no") object")
    }
    return unsafe object.map { unsafe CObject(pointer: $0) }
  }

  /// Takes a text that a function made.
  private func taken(_ status: momos_status, _ text: UnsafeMutablePointer<CChar>?) throws {
    defer { unsafe momos_text_free(text) }
    let read = unsafe text.flatMap { unsafe String(validatingCString: $0) }
    guard try succeeded(status) == (read != nil) else {
      throw Finding(text: "status \(status) with the text \(read ?? "none, or no UTF-8")")
    }
  }

  // MARK: Files

  mutating func open(_ file: [UInt8], in folder: ScratchFolder) throws -> CObject? {
    let way = choices.below(4)
    if way == 0 {
      try folder.write(file, to: "file.momos")
      var model: OpaquePointer?
      let load = choices.mostly(MOMOS_LOAD_COPY, [MOMOS_LOAD_MAP, 7, -1])
      return unsafe try made(momos_open(folder.path("file.momos"), load, &model), model)
    }
    // Where it is, at a good or an odd address, or as a copy.
    let shift = way == 1 ? 0 : choices.below(64)
    guard let block = unsafe aligned_alloc(64, (file.count + 191) / 64 * 64) else { return nil }
    unsafe (block + shift).copyMemory(from: file, byteCount: file.count)
    var model: OpaquePointer?
    let count = choices.mostly(file.count, [0, file.count / 2, -1])
    let releases = choices.below(2) == 0
    let released: momos_release = { _, context in unsafe free(context) }
    let status = unsafe momos_open_memory(block + shift, count, releases ? released : nil, block, &model)
    if !releases { unsafe free(block) }
    return unsafe try made(status, model)
  }

  mutating func inspect(_ model: CObject) throws {
    unsafe try succeeded(momos_check(model.pointer))
    var text: UnsafeMutablePointer<CChar>?
    try unsafe taken(momos_inspect(model.pointer, Int32(choices.below(2)), &text), text)
    var graph: UnsafeMutablePointer<CChar>?
    try succeeded(unsafe momos_graph(model.pointer, &graph))
    unsafe momos_text_free(graph)
  }

  // MARK: Tensors

  mutating func describe(_ name: String, _ number: Int, of model: CObject) throws {
    var facts = unsafe momos_tensor_facts()
    let size = unsafe MemoryLayout<momos_tensor_facts>.size
    unsafe facts.struct_byte_count = choices.mostly(size, [0, 8, 24, size + 8, -1])
    let asked = unsafe choices.mostly(number, [-1, Int.max, momos_tensor_count(model.pointer)])
    if try succeeded(unsafe momos_tensor_describe(model.pointer, asked, &facts)),
      unsafe facts.struct_byte_count == size
    {
      guard unsafe facts.name.flatMap({ unsafe String(validatingCString: $0) }) == name else {
        throw Finding(text: "another name than '\(name)'")
      }
    }
    var found = -1
    let sought = choices.mostly(name, ["", "none"])
    if try succeeded(unsafe momos_tensor_find(model.pointer, sought, &found)), found < 0 {
      throw Finding(text: "a tensor was found nowhere")
    }
  }

  mutating func read(_ number: Int, of model: CObject) throws {
    var facts = unsafe momos_tensor_facts()
    unsafe facts.struct_byte_count = MemoryLayout<momos_tensor_facts>.size
    guard try succeeded(unsafe momos_tensor_describe(model.pointer, number, &facts)) else { return }
    var object: OpaquePointer?
    let status = unsafe momos_tensor_load(model.pointer, number, &object)
    guard let tensor = unsafe try made(status, object) else { return }
    defer { unsafe momos_tensor_free(tensor.pointer) }
    let count = unsafe facts.byte_count
    var elements = [UInt8](repeating: 0, count: count)
    let isRead = try succeeded(
      unsafe momos_tensor_read(tensor.pointer, &elements, choices.count(count)))
    if let view = unsafe momos_tensor_view(tensor.pointer) {
      let seen = unsafe Array(UnsafeRawBufferPointer(start: view, count: count))
      guard !isRead || seen == elements else { throw Finding(text: "a tensor is seen otherwise than read") }
    }
    let rowCount = unsafe facts.rank > 0 ? Int(facts.dimensions?[0] ?? 0) : 0
    try readRows(of: tensor, rowCount, elements: isRead ? elements : nil, byteCount: count)
  }

  /// - Parameter elements: of the whole tensor, where it was read.
  private mutating func readRows(
    of tensor: CObject, _ rowCount: Int, elements: [UInt8]?, byteCount: Int
  ) throws {
    let rowByteCount = byteCount / max(rowCount, 1)
    let numbers = (0..<1 + choices.below(5)).map { _ in
      Int64(choices.mostly(choices.next() % max(rowCount, 1), [-1, rowCount, Int.max]))
    }
    let expected = numbers.count * rowByteCount
    guard expected <= Self.mostBytes else { return }
    var rows = [UInt8](repeating: 0, count: expected + 1)
    let asked = choices.mostly(numbers.count, [0, numbers.count - 1, -1])
    let count = choices.count(asked * rowByteCount)
    let isRead = try succeeded(
      unsafe momos_tensor_read_rows(tensor.pointer, numbers, asked, &rows, count))
    guard isRead, let elements, asked > 0 else { return }
    for (position, number) in numbers.prefix(asked).enumerated() {
      guard
        rows[position * rowByteCount..<(position + 1) * rowByteCount]
          == elements[Int(number) * rowByteCount..<(Int(number) + 1) * rowByteCount]
      else { throw Finding(text: "row \(number) is not that of the whole tensor") }
    }
  }

  // MARK: Execution

  private mutating func options() -> momos_execution_options {
    momos_execution_options(
      struct_byte_count: choices.mostly(MemoryLayout<momos_execution_options>.size, [0, 8, 1 << 40]),
      precision: choices.mostly(momos_precision(choices.below(3)), [3, -1]),
      thread_count: choices.mostly(1, [2, 1025, -1]))
  }

  mutating func multiply(_ number: Int, of model: CObject) throws {
    var options = options()
    var object: OpaquePointer?
    let status = unsafe momos_matrix_load(model.pointer, number, &options, &object)
    guard let matrix = unsafe try made(status, object) else { return }
    defer { unsafe momos_matrix_free(matrix.pointer) }
    let (rows, columns) = unsafe (momos_matrix_rows(matrix.pointer), momos_matrix_columns(matrix.pointer))
    let batch = 1 + choices.below(3)
    let input = (0..<batch * columns + 2).map { Float($0 % 7) - 3 }
    var output = [Float](repeating: 0, count: batch * rows + 2)
    let shift = choices.mostly(0, [1, 4])
    let (asked, inputCount, outputCount) = (
      choices.mostly(batch, [0, -1, 1 << 62]), choices.count(batch * columns), choices.count(batch * rows)
    )
    let isDone = unsafe try input.withUnsafeBytes { source in
      let source = unsafe (source.baseAddress! + shift).assumingMemoryBound(to: Float.self)
      return try succeeded(
        unsafe momos_matrix_multiply(matrix.pointer, asked, source, inputCount, &output, outputCount))
    }
    guard !isDone || asked * columns == inputCount && asked * rows == outputCount else {
      throw Finding(text: "a product of counts that do not fit")
    }
  }

  mutating func execute(_ model: CObject) throws {
    var options = options()
    var object: OpaquePointer?
    let status = unsafe momos_session_create(model.pointer, &options, &object)
    guard let session = unsafe try made(status, object) else { return }
    defer { unsafe momos_session_free(session.pointer) }
    var runObject: OpaquePointer?
    guard let run = unsafe try made(momos_run_create(session.pointer, &runObject), runObject) else { return }
    defer { unsafe momos_run_free(run.pointer) }
    for number in 0..<min(unsafe momos_session_input_count(session.pointer), 8) {
      try setInput(number, of: session, run, from: model)
    }
    for _ in 0...choices.below(2) { try succeeded(unsafe momos_run_execute(run.pointer)) }
    for number in 0..<min(unsafe momos_session_output_count(session.pointer), 8) {
      var facts = unsafe momos_value_facts()
      unsafe facts.struct_byte_count = choices.mostly(MemoryLayout<momos_value_facts>.size, [0, 8, 12])
      try succeeded(unsafe momos_session_describe_output(session.pointer, choices.count(number), &facts))
      try readOutput(number, of: run)
    }
  }

  private mutating func readOutput(_ number: Int, of run: CObject) throws {
    var array = unsafe momos_array()
    let size = unsafe MemoryLayout<momos_array>.size
    unsafe array.struct_byte_count = choices.mostly(size, [0, 12, size + 1])
    guard try succeeded(unsafe momos_run_output(run.pointer, choices.count(number), &array)),
      unsafe array.struct_byte_count == size
    else { return }
    let elements = unsafe (0..<array.rank).reduce(1) { unsafe $0 * Int(array.dimensions?[$1] ?? 0) }
    guard let data = unsafe array.data,
      unsafe elements * momos_element_byte_count(array.element_type) == array.byte_count
    else { throw Finding(text: "an output whose bytes are not those of its shape") }
    _ = unsafe Array(UnsafeRawBufferPointer(start: data, count: array.byte_count))
  }

  /// Sets an input to the tensor that is named for it, as in `GraphTarget`, or to a little of its type.
  private mutating func setInput(
    _ number: Int, of session: CObject, _ run: CObject, from model: CObject
  ) throws {
    var facts = unsafe momos_value_facts()
    unsafe facts.struct_byte_count = MemoryLayout<momos_value_facts>.size
    guard try succeeded(unsafe momos_session_describe_input(session.pointer, number, &facts)),
      let name = unsafe facts.name.flatMap({ unsafe String(validatingCString: $0) })
    else { return }
    var stored: Int = -1
    var tensor = unsafe momos_tensor_facts()
    unsafe tensor.struct_byte_count = MemoryLayout<momos_tensor_facts>.size
    var (type, sizes) = unsafe (facts.element_type, [Int64](repeating: 1, count: Int(max(facts.rank, 0))))
    var bytes: [UInt8] = []
    var object: OpaquePointer?
    if unsafe momos_tensor_find(model.pointer, GraphTarget.inputPrefix + name, &stored) == MOMOS_OK,
      unsafe momos_tensor_describe(model.pointer, stored, &tensor) == MOMOS_OK,
      unsafe momos_tensor_load(model.pointer, stored, &object) == MOMOS_OK
    {
      unsafe type = tensor.element_type
      sizes = unsafe (0..<tensor.rank).map { unsafe tensor.dimensions?[$0] ?? 0 }
      bytes = [UInt8](repeating: 0, count: unsafe tensor.byte_count)
      _ = unsafe momos_tensor_read(object, &bytes, bytes.count)
    }
    unsafe momos_tensor_free(object)
    let expected = Int(sizes.reduce(1, *)) * momos_element_byte_count(type)
    bytes += [UInt8](repeating: 0, count: max(0, expected - bytes.count) + 1)
    let given = choices.mostly(sizes, [sizes + [1], sizes + [-1], [1 << 47, 1 << 47], [Int64.max]])
    let status = unsafe momos_run_set_input(
      run.pointer, choices.mostly(number, [-1, Int.max]),
      choices.mostly(type, [0, 8, 99, MOMOS_BOOL, MOMOS_INT64]), given,
      choices.mostly(given.count, [17, -1]), bytes, choices.count(expected))
    try succeeded(status)
  }
}
