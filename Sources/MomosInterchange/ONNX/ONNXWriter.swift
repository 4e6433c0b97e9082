public import MomosModel

/// Writes an ONNX model: a graph, whose initializers follow one another into the file, so that one is held at a time.
///
/// Equal models give equal bytes. Where the tensors take more than `ONNXWriter.maximumInlineByteCount`, their bytes go to
/// a file of their own, PATH.data, as protobuf ends at 2 GiB. Files appear whole, with `finish`, or not at all.
public struct ONNXWriter: ~Copyable {
  public static let maximumInlineByteCount = 1 << 30
  /// The version of the format with which initializers need not be inputs, and operator sets to 18 may be used.
  private static let irVersion = 8

  private var file: OutputFile
  /// nil where tensors lie in the model.
  private let dataFile: DataFile?
  private let path: String
  /// What is still to be added, in reverse.
  private var missing: [SourceTensor]
  private var dataOffset = 0
  private let isInline: Bool

  /// - Parameters:
  ///   - tensors: all initializers, in the order in which they will be added.
  ///   - attributeTensors: those that are attributes of nodes, by name.
  ///   - producerVersion: of the tool.
  /// - Throws: `outputNotWritable`.
  public static func create(
    path: String, graphs: [Graph], operatorSets: [OperatorSet], tensors: [SourceTensor],
    producerVersion: String, inlineLimit: Int = maximumInlineByteCount, attributeTensors: [String: Tensor]
  ) throws(InterchangeError) -> ONNXWriter {
    let isInline = tensors.reduce(0) { $0 + $1.byteCount } <= inlineLimit
    let graph = ONNXDocument(graphs: graphs, attributeTensors: attributeTensors).graph
    let start = start(
      graph, operatorSets, tensors, producerVersion: producerVersion, dataName: dataName(path, isInline))
    let dataFile = isInline ? nil : try DataFile(path: dataPath(of: path))
    do throws(InterchangeError) {
      var file = try OutputFile(path: path)
      try file.write(try InterchangeError.translating { () throws(ModelError) in try Bytes(copying: start) })
      return ONNXWriter(
        file: file, dataFile: dataFile, path: path, missing: tensors.reversed(), isInline: isInline)
    } catch {
      throw error.inFile(path)
    }
  }

  private init(
    file: consuming OutputFile, dataFile: DataFile?, path: String, missing: [SourceTensor], isInline: Bool
  ) {
    self.file = file
    self.dataFile = dataFile
    self.path = path
    self.missing = missing
    self.isInline = isInline
  }

  /// Where the bytes of tensors lie that do not lie in the model.
  public static func dataPath(of path: String) -> String { path + ".data" }

  /// The name of the file with the data, in the folder of the model; nil where there is none.
  private static func dataName(_ path: String, _ isInline: Bool) -> String? {
    isInline ? nil : path.split(separator: "/").last.map { "\($0).data" }
  }

  /// Everything before the first initializer: ModelProto's fields, and the graph's nodes, inputs and outputs.
  private static func start(
    _ graph: WireWriter, _ operatorSets: [OperatorSet], _ tensors: [SourceTensor], producerVersion: String,
    dataName: String?
  ) -> [UInt8] {
    var start = WireWriter()
    start.integer(1, irVersion)
    start.text(2, "momos")
    start.text(3, producerVersion)
    for set in operatorSets {
      var message = WireWriter()
      message.textUnlessEmpty(1, set.domain)
      message.integer(2, set.version)
      start.message(8, message)
    }
    var byteCount = graph.bytes.count
    var offset = 0
    for tensor in tensors {
      byteCount += initializerStart(tensor, dataName: dataName, offset: offset).count
      byteCount += dataName == nil ? tensor.byteCount : 0
      offset += tensor.byteCount
    }
    start.announce(7, byteCount: byteCount)
    return start.bytes + graph.bytes
  }

  /// The field of an initializer up to its raw bytes, or all of it where these are elsewhere.
  private static func initializerStart(_ tensor: SourceTensor, dataName: String?, offset: Int) -> [UInt8] {
    var message = ONNXDocument.tensorStart(tensor.name, tensor.elementType, tensor.shape)
    var inlineByteCount = 0
    if let dataName {
      for (key, value) in [
        ("location", dataName), ("offset", "\(offset)"), ("length", "\(tensor.byteCount)"),
      ] {
        var entry = WireWriter()
        entry.text(1, key)
        entry.text(2, value)
        message.message(13, entry)
      }
      message.integer(14, 1)
    } else {
      message.announce(9, byteCount: tensor.byteCount)
      inlineByteCount = tensor.byteCount
    }
    var field = WireWriter()
    field.announce(5, byteCount: message.bytes.count + inlineByteCount)
    return field.bytes + message.bytes
  }

  /// Adds the next initializer.
  public mutating func add(_ tensor: Tensor) throws(InterchangeError) {
    let expected = missing.removeLast()
    precondition(tensor.elementType == expected.elementType && tensor.shape == expected.shape)
    try write(
      Self.initializerStart(expected, dataName: Self.dataName(path, isInline), offset: dataOffset))
    dataOffset += expected.byteCount
    do throws(InterchangeError) {
      if isInline { try file.write(tensor.bytes) } else { try dataFile?.write(tensor.bytes) }
    } catch {
      throw error.inFile(path)
    }
  }

  /// Gives the files their names, that of the data first.
  public consuming func finish() throws(InterchangeError) {
    precondition(missing.isEmpty)
    let path = path
    do throws(InterchangeError) {
      try dataFile?.commit()
      try file.commit()
    } catch {
      throw error.inFile(path)
    }
  }

  private mutating func write(_ bytes: [UInt8]) throws(InterchangeError) {
    do throws(InterchangeError) {
      try file.write(try InterchangeError.translating { () throws(ModelError) in try Bytes(copying: bytes) })
    } catch {
      throw error.inFile(path)
    }
  }
}

/// The file of tensors that do not lie in the model.
private final class DataFile {
  private var file: OutputFile?

  init(path: String) throws(InterchangeError) {
    do throws(InterchangeError) { file = try OutputFile(path: path) } catch { throw error.inFile(path) }
  }

  func write(_ bytes: Bytes) throws(InterchangeError) { try file?.write(bytes) }

  func commit() throws(InterchangeError) {
    if let complete = file.take() { try complete.commit() }
  }
}

/// The messages of a graph without its initializers.
private struct ONNXDocument {
  let graph: WireWriter

  /// - Parameter graphs: the first is the model, the others are subgraphs.
  init(graphs: [Graph], attributeTensors: [String: Tensor]) {
    graph = Self.graph(graphs[0], graphs: graphs, attributeTensors: attributeTensors)
  }

  private static func graph(
    _ graph: Graph, graphs: [Graph], attributeTensors: [String: Tensor]
  ) -> WireWriter {
    var message = WireWriter()
    for node in graph.nodes {
      message.message(1, self.node(node, graphs: graphs, attributeTensors: attributeTensors))
    }
    message.text(2, graph.name.isEmpty ? "graph" : graph.name)
    for input in graph.inputs { message.message(11, value(input)) }
    for output in graph.outputs { message.message(12, value(output)) }
    return message
  }

  private static func value(_ value: GraphValue) -> WireWriter {
    var message = WireWriter()
    message.text(1, value.name)
    guard let elementType = value.elementType else { return message }
    var tensor = WireWriter()
    tensor.integer(1, elementType.rawValue)
    if let dimensions = value.dimensions {
      var shape = WireWriter()
      for dimension in dimensions {
        var size = WireWriter()
        switch dimension {
        case .size(let count): size.integer(1, count)
        case .symbol(let symbol): size.text(2, symbol)
        case .unknown: break
        }
        shape.message(1, size)
      }
      tensor.message(2, shape)
    }
    var type = WireWriter()
    type.message(1, tensor)
    message.message(2, type)
    return message
  }

  private static func node(
    _ node: Node, graphs: [Graph], attributeTensors: [String: Tensor]
  ) -> WireWriter {
    var message = WireWriter()
    for input in node.inputs { message.text(1, input) }
    for output in node.outputs { message.text(2, output) }
    message.textUnlessEmpty(3, node.name)
    message.text(4, node.operatorType)
    for attribute in node.attributes {
      var field = WireWriter()
      field.text(1, attribute.name)
      switch attribute.value {
      case .float(let value): field.float(2, value)
      case .int(let value): field.integer(3, value)
      case .string(let value): field.message(4, value)
      case .tensor(let name):
        if let tensor = attributeTensors[name] { field.message(5, Self.tensor(name, tensor)) }
      case .graph(let number):
        field.message(
          6, graph(graphs[number], graphs: graphs, attributeTensors: attributeTensors))
      case .floats(let values): for value in values { field.float(7, value) }
      case .ints(let values): for value in values { field.integer(8, value) }
      case .strings(let values): for value in values { field.message(9, value) }
      }
      field.integer(20, attribute.value.typeNumber)
      message.message(5, field)
    }
    message.textUnlessEmpty(7, node.domain)
    return message
  }

  private static func tensor(_ name: String, _ tensor: Tensor) -> WireWriter {
    var message = tensorStart(name, tensor.elementType, tensor.shape)
    message.message(9, tensor.bytes.array(of: UInt8.self))
    return message
  }

  /// A tensor's dimensions, type and name.
  static func tensorStart(_ name: String, _ elementType: ElementType, _ shape: Shape) -> WireWriter {
    var message = WireWriter()
    for dimension in shape.dimensions { message.integer(1, dimension) }
    message.integer(2, elementType.rawValue)
    message.text(8, name)
    return message
  }
}

extension AttributeValue {
  /// The number of AttributeProto.AttributeType.
  fileprivate var typeNumber: Int {
    switch self {
    case .float: 1
    case .int: 2
    case .string: 3
    case .tensor: 4
    case .graph: 5
    case .floats: 6
    case .ints: 7
    case .strings: 8
    }
  }
}
