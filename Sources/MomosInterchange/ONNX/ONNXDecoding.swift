import COnnxSchema
import CProtobufC
import MomosModel
import MomosProtobuf

/// Parses the copy that a scan made with protobuf-c, within a memory budget, into records.
@safe
struct ONNXDecoding {
  /// What the C parser may hold, as a multiple of the copy's byte count, plus `budgetBase`.
  static let budgetFactor = 64
  static let budgetBase = 1 << 20

  private let notes: [ONNXScan.DataNote]

  static func model(_ scan: ONNXScan) throws(InterchangeError) -> ONNXModel {
    let budget = MemoryBudget(limit: budgetFactor * scan.copy.count + budgetBase)
    let decoding = ONNXDecoding(notes: scan.notes)
    let result: Result<ONNXModel, InterchangeError> = unsafe BudgetedAllocator(charging: budget).withAllocator
    {
      allocator in
      let message = unsafe scan.copy.withUnsafeBufferPointer { buffer in
        unsafe momos__onnx__model__unpack(allocator, buffer.count, buffer.baseAddress)
      }
      guard let message = unsafe message else {
        return .failure(
          InterchangeError(
            budget.isExhausted ? .onnxTooLarge : .protobufSyntax,
            expected: "an ONNX model that fits \(budgetFactor) times the bytes of its graph",
            found: budget.isExhausted ? "a larger one" : "a malformed one"))
      }
      defer { unsafe momos__onnx__model__free_unpacked(message, allocator) }
      do throws(InterchangeError) {
        return .success(unsafe try decoding.model(message.pointee))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  @unsafe
  private func model(_ message: Momos__Onnx__Model) throws(InterchangeError) -> ONNXModel {
    let functions = unsafe try messages(message.n_functions, message.functions) {
      function throws(InterchangeError) in
      unsafe ONNXFunctionName(
        domain: try text(function.has_domain, function.domain, "function domain"),
        name: try text(function.has_name, function.name, "function name"))
    }
    return unsafe ONNXModel(
      operatorSets: try messages(message.n_opset_import, message.opset_import) {
        set throws(InterchangeError) in
        unsafe OperatorSet(
          domain: try text(set.has_domain, set.domain, "operator set"),
          version: set.has_version != 0 ? Int(set.version) : 0)
      },
      functions: Set(functions),
      graph: try message.graph.map { graph throws(InterchangeError) in unsafe try self.graph(graph.pointee) })
  }

  @unsafe
  private func graph(_ message: Momos__Onnx__Graph) throws(InterchangeError) -> ONNXGraph {
    unsafe ONNXGraph(
      name: try text(message.has_name, message.name, "graph name"),
      nodes: try messages(message.n_node, message.node, node),
      initializers: try messages(message.n_initializer, message.initializer, tensor),
      sparseInitializers: try messages(message.n_sparse_initializer, message.sparse_initializer) {
        sparse throws(InterchangeError) in
        unsafe try sparse.values.map { values throws(InterchangeError) in
          unsafe try text(values.pointee.has_name, values.pointee.name, "tensor name")
        } ?? ""
      },
      inputs: try messages(message.n_input, message.input, value),
      outputs: try messages(message.n_output, message.output, value))
  }

  @unsafe
  private func value(_ message: Momos__Onnx__Value) throws(InterchangeError) -> ONNXValue {
    let name = unsafe try text(message.has_name, message.name, "value name")
    guard let type = unsafe message.type else { return ONNXValue(name: name, type: .unstated) }
    return ONNXValue(name: name, type: unsafe try self.type(type.pointee, of: name))
  }

  @unsafe
  private func type(_ message: Momos__Onnx__Type, of name: String) throws(InterchangeError) -> ONNXType {
    if unsafe message.has_sequence_type != 0 { return .other("sequence") }
    if unsafe message.has_map_type != 0 { return .other("map") }
    if unsafe message.has_opaque_type != 0 { return .other("opaque value") }
    if unsafe message.has_sparse_tensor_type != 0 { return .other("sparse tensor") }
    if unsafe message.has_optional_type != 0 { return .other("optional") }
    guard let tensor = unsafe message.tensor_type?.pointee else { return .unstated }
    return unsafe .tensor(
      elementType: tensor.has_elem_type != 0 ? Int(tensor.elem_type) : 0,
      dimensions: try tensor.shape.map { shape throws(InterchangeError) in
        unsafe try messages(shape.pointee.n_dim, shape.pointee.dim) { dimension throws(InterchangeError) in
          unsafe try self.dimension(dimension, of: name)
        }
      })
  }

  /// A negative size means that the size is unknown, as some exporters write it.
  @unsafe
  private func dimension(
    _ message: Momos__Onnx__Dimension, of value: String
  ) throws(InterchangeError) -> GraphDimension {
    if unsafe message.has_dim_value != 0 {
      let size = unsafe Int(message.dim_value)
      guard size <= Shape.maximumElementCount else {
        throw InterchangeError(
          .shape, place: "value \(InterchangeError.quoted(value))",
          expected: "dimensions of at most \(Shape.maximumElementCount)", found: "\(size)")
      }
      return size < 0 ? .unknown : .size(size)
    }
    let symbol = unsafe try text(message.has_dim_param, message.dim_param, "dimension")
    return symbol.isEmpty ? .unknown : .symbol(symbol)
  }

  @unsafe
  private func node(_ message: Momos__Onnx__Node) throws(InterchangeError) -> ONNXNode {
    unsafe ONNXNode(
      name: try text(message.has_name, message.name, "node name"),
      operatorType: try text(message.has_op_type, message.op_type, "operator name"),
      domain: try text(message.has_domain, message.domain, "operator domain"),
      inputs: try texts(message.n_input, message.input), outputs: try texts(message.n_output, message.output),
      attributes: try messages(message.n_attribute, message.attribute, attribute))
  }

  @unsafe
  private func tensor(_ message: Momos__Onnx__Tensor) throws(InterchangeError) -> ONNXTensor {
    let hasNote = unsafe message.has_data != 0 && Int(message.data) < notes.count
    return unsafe ONNXTensor(
      name: try text(message.has_name, message.name, "tensor name"),
      dataType: message.has_data_type != 0 ? Int(message.data_type) : 0,
      dimensions: scalars(message.n_dims, message.dims).map { Int($0) },
      isSegment: message.has_segment != 0,
      isExternal: message.has_data_location != 0 && message.data_location == 1,
      externalData: try messages(message.n_external_data, message.external_data) {
        entry throws(InterchangeError) in
        unsafe (
          key: String(decoding: bytes(entry.key), as: UTF8.self),
          value: String(decoding: bytes(entry.value), as: UTF8.self)
        )
      },
      data: hasNote ? notes[Int(message.data)] : ONNXScan.DataNote())
  }

  @unsafe
  private func attribute(_ message: Momos__Onnx__Attribute) throws(InterchangeError) -> ONNXAttribute {
    ONNXAttribute(
      name: unsafe try text(message.has_name, message.name, "attribute name"),
      value: unsafe try value(message))
  }

  /// The value of the stated type; without a type, which old files leave out, of the field that is there.
  @unsafe
  private func value(_ message: Momos__Onnx__Attribute) throws(InterchangeError) -> ONNXAttribute.Value {
    if unsafe message.has_ref_attr_name != 0 && message.ref_attr_name.len > 0 {
      return .unsupported("a reference to an attribute of a function")
    }
    let type = unsafe message.has_type != 0 ? message.type : impliedType(message)
    switch type {
    case 1: return unsafe .plain(.float(message.f))
    case 2: return unsafe .plain(.int(Int(message.i)))
    case 3: return unsafe .plain(.string(bytes(message.s)))
    case 4:
      guard let tensor = unsafe message.t else { return .unsupported("a tensor that is not there") }
      return unsafe .tensor(try self.tensor(tensor.pointee))
    case 6: return unsafe .plain(.floats(scalars(message.n_floats, message.floats)))
    case 7: return unsafe .plain(.ints(scalars(message.n_ints, message.ints).map { Int($0) }))
    case 8:
      return unsafe .plain(
        .strings((0..<message.n_strings).map { unsafe bytes(message.strings[$0]) }))
    case 5, 10: return .unsupported("a subgraph")
    case 9: return .unsupported("a list of tensors")
    case 11, 12: return .unsupported("a sparse tensor")
    case 13, 14: return .unsupported("a type")
    default: return .unsupported("type number \(type)")
    }
  }

  @unsafe
  private func impliedType(_ message: Momos__Onnx__Attribute) -> Int32 {
    if unsafe message.has_f != 0 { return 1 }
    if unsafe message.has_i != 0 { return 2 }
    if unsafe message.has_s != 0 { return 3 }
    if unsafe message.t != nil { return 4 }
    if unsafe message.has_g != 0 { return 5 }
    if unsafe message.n_floats > 0 { return 6 }
    if unsafe message.n_ints > 0 { return 7 }
    return unsafe message.n_strings > 0 ? 8 : 0
  }

  @unsafe
  private func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    unsafe scalars(data.len, data.data)
  }

  @unsafe
  private func scalars<Value>(_ count: Int, _ values: UnsafeMutablePointer<Value>?) -> [Value] {
    guard count > 0, let values = unsafe values else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: values, count: count))
  }

  /// Text of at most 1024 bytes; "" if it is absent.
  @unsafe
  private func text(
    _ isPresent: protobuf_c_boolean, _ data: ProtobufCBinaryData, _ place: String
  ) throws(InterchangeError) -> String {
    guard isPresent != 0, unsafe data.len > 0 else { return "" }
    do throws(InterchangeError) {
      return try SourceTensor.name(unsafe bytes(data))
    } catch {
      var error = error
      error.place = place
      throw error
    }
  }

  @unsafe
  private func texts(
    _ count: Int, _ values: UnsafeMutablePointer<ProtobufCBinaryData>?
  ) throws(InterchangeError) -> [String] {
    guard count > 0, let values = unsafe values else { return [] }
    var result: [String] = []
    for position in 0..<count { result.append(unsafe try text(1, values[position], "value name")) }
    return result
  }

  @unsafe
  private func messages<Message, Record>(
    _ count: Int, _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?,
    _ record: (Message) throws(InterchangeError) -> Record
  ) throws(InterchangeError) -> [Record] {
    guard count > 0, let messages = unsafe messages else { return [] }
    var result: [Record] = []
    result.reserveCapacity(count)
    for position in 0..<count {
      guard let message = unsafe messages[position] else { continue }
      result.append(unsafe try record(message.pointee))
    }
    return result
  }
}
