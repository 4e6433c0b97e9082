import MomosModel

extension JSON {
  init(_ operatorSet: OperatorSet) {
    self = .object([("domain", .string(operatorSet.domain)), ("version", .int(operatorSet.version))])
  }

  init(_ graph: Graph) {
    self = .object([
      ("name", .string(graph.name)), ("inputs", .array(graph.inputs.map(JSON.init))),
      ("outputs", .array(graph.outputs.map(JSON.init))), ("nodes", .array(graph.nodes.map(JSON.init))),
    ])
  }

  private init(_ value: GraphValue) {
    var fields = [(key: "name", value: JSON.string(value.name))]
    if let elementType = value.elementType { fields.append(("element_type", .string(elementType.name))) }
    if let dimensions = value.dimensions { fields.append(("dimensions", .array(dimensions.map(JSON.init)))) }
    self = .object(fields)
  }

  private init(_ dimension: GraphDimension) {
    switch dimension {
    case .size(let size): self = .int(size)
    case .symbol(let symbol): self = .string(symbol)
    case .unknown: self = .null
    }
  }

  private init(_ node: Node) {
    var fields: [(key: String, value: JSON)] = []
    if !node.name.isEmpty { fields.append(("name", .string(node.name))) }
    fields.append(("operator", .string(node.operatorType)))
    if !node.domain.isEmpty { fields.append(("domain", .string(node.domain))) }
    fields.append(("inputs", .array(node.inputs.map(JSON.string))))
    fields.append(("outputs", .array(node.outputs.map(JSON.string))))
    if !node.attributes.isEmpty { fields.append(("attributes", .array(node.attributes.map(JSON.init)))) }
    self = .object(fields)
  }

  private init(_ attribute: NodeAttribute) {
    let value: (key: String, value: JSON) =
      switch attribute.value {
      case .float(let value): ("float", .float(value))
      case .int(let value): ("int", .int(value))
      case .string(let value): ("string", .bytes(value))
      case .floats(let values): ("floats", .array(values.map(JSON.float)))
      case .ints(let values): ("ints", .array(values.map(JSON.int)))
      case .strings(let values): ("strings", .array(values.map(JSON.bytes)))
      case .tensor(let name): ("tensor", .string(name))
      case .graph(let position): ("graph", .int(position + 1))
      }
    self = .object([("name", .string(attribute.name)), value])
  }

  private static func int(_ value: Int) -> JSON { .number(String(value)) }

  /// The shortest text that reads back as `value`; a string if it is infinite or not a number.
  private static func float(_ value: Float) -> JSON {
    value.isFinite ? .number(value.description) : .string(value.isNaN ? "nan" : value < 0 ? "-inf" : "inf")
  }

  /// Text, or the list of its bytes if it is not UTF-8.
  private static func bytes(_ bytes: [UInt8]) -> JSON {
    String(validating: bytes, as: UTF8.self).map(JSON.string) ?? .array(bytes.map { .int(Int($0)) })
  }
}
