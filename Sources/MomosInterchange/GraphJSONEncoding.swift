import MomosModel

/// A JSON value to be written, its keys in the given order.
indirect enum JSONText {
  /// A string, number or null as it stands in the text.
  case scalar(String)
  case array([JSONText])
  case object([(String, JSONText)])

  static func string(_ text: String) -> JSONText {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\0"..<" ": quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return .scalar(quoted + "\"")
  }

  static func strings(_ texts: [String]) -> JSONText { .array(texts.map(JSONText.string)) }

  static func int(_ value: Int) -> JSONText { .scalar(String(value)) }

  /// The shortest text that reads back as `value`; in quotes if it is infinite or not a number.
  static func float(_ value: Float) -> JSONText {
    value.isFinite ? .scalar(value.description) : .string(value.isNaN ? "nan" : value < 0 ? "-inf" : "inf")
  }

  /// Text, or the list of its bytes if it is not UTF-8.
  static func bytes(_ bytes: [UInt8]) -> JSONText {
    String(validating: bytes, as: UTF8.self).map(JSONText.string) ?? .array(bytes.map { .int(Int($0)) })
  }

  /// The text with two spaces per level. What holds no object inside stands on one line.
  func rendered(indentation: String = "") -> String {
    let inner = indentation + "  "
    switch self {
    case .scalar(let text):
      return text
    case .array(let elements) where elements.contains(where: \.holdsObject):
      return "[\n" + elements.map { inner + $0.rendered(indentation: inner) }.joined(separator: ",\n")
        + "\n\(indentation)]"
    case .array(let elements):
      return "[" + elements.map { $0.rendered() }.joined(separator: ", ") + "]"
    case .object(let fields):
      let texts = fields.map { key, value in
        JSONText.string(key).rendered() + ": " + value.rendered(indentation: inner)
      }
      if fields.contains(where: \.1.holdsObject) {
        return "{\n" + texts.map { inner + $0 }.joined(separator: ",\n") + "\n\(indentation)}"
      }
      return "{" + texts.joined(separator: ", ") + "}"
    }
  }

  private var holdsObject: Bool {
    switch self {
    case .scalar: false
    case .array(let elements): elements.contains(where: \.holdsObject)
    case .object: true
    }
  }
}

extension JSONText {
  init(_ operatorSet: OperatorSet) {
    self = .object([("domain", .string(operatorSet.domain)), ("version", .int(operatorSet.version))])
  }

  init(_ graph: Graph) {
    self = .object([
      ("name", .string(graph.name)), ("inputs", .array(graph.inputs.map(JSONText.init))),
      ("outputs", .array(graph.outputs.map(JSONText.init))),
      ("nodes", .array(graph.nodes.map(JSONText.init))),
    ])
  }

  private init(_ value: GraphValue) {
    var fields = [("name", JSONText.string(value.name))]
    if let elementType = value.elementType { fields.append(("element_type", .string(elementType.name))) }
    if let dimensions = value.dimensions {
      fields.append(("dimensions", .array(dimensions.map(JSONText.init))))
    }
    self = .object(fields)
  }

  private init(_ dimension: GraphDimension) {
    switch dimension {
    case .size(let size): self = .int(size)
    case .symbol(let symbol): self = .string(symbol)
    case .unknown: self = .scalar("null")
    }
  }

  private init(_ node: Node) {
    var fields: [(String, JSONText)] = []
    if !node.name.isEmpty { fields.append(("name", .string(node.name))) }
    fields.append(("operator", .string(node.operatorType)))
    if !node.domain.isEmpty { fields.append(("domain", .string(node.domain))) }
    fields.append(("inputs", .strings(node.inputs)))
    fields.append(("outputs", .strings(node.outputs)))
    if !node.attributes.isEmpty { fields.append(("attributes", .array(node.attributes.map(JSONText.init)))) }
    self = .object(fields)
  }

  private init(_ attribute: NodeAttribute) {
    let field: (String, JSONText) =
      switch attribute.value {
      case .float(let value): ("float", .float(value))
      case .int(let value): ("int", .int(value))
      case .string(let value): ("string", .bytes(value))
      case .floats(let values): ("floats", .array(values.map(JSONText.float)))
      case .ints(let values): ("ints", .array(values.map(JSONText.int)))
      case .strings(let values): ("strings", .array(values.map(JSONText.bytes)))
      case .tensor(let name): ("tensor", .string(name))
      case .graph(let position): ("graph", .int(position + 1))
      }
    self = .object([("name", .string(attribute.name)), field])
  }
}
