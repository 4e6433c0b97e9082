import MomosModel

/// Graphs and operator sets from the JSON values that stand for them.
enum GraphJSONDecoding {
  static func document(
    _ json: JSON
  ) throws(InterchangeError) -> (graphs: [Graph], operatorSets: [OperatorSet]) {
    let object = try JSONObject(json, keys: ["operator_sets", "graphs"])
    return (
      graphs: try object.required("graphs") { json throws(InterchangeError) in try json.list(of: graph) },
      operatorSets: try object.required("operator_sets") { json throws(InterchangeError) in
        try json.list(of: operatorSet)
      }
    )
  }

  private static func operatorSet(_ json: JSON) throws(InterchangeError) -> OperatorSet {
    let object = try JSONObject(json, keys: ["domain", "version"])
    return OperatorSet(
      domain: try object.optional("domain", text) ?? "", version: try object.required("version", int))
  }

  private static func graph(_ json: JSON) throws(InterchangeError) -> Graph {
    let object = try JSONObject(json, keys: ["name", "inputs", "outputs", "nodes"])
    return Graph(
      name: try object.optional("name", text) ?? "",
      inputs: try object.required("inputs") { json throws(InterchangeError) in try json.list(of: value) },
      outputs: try object.required("outputs") { json throws(InterchangeError) in try json.list(of: value) },
      nodes: try object.required("nodes") { json throws(InterchangeError) in try json.list(of: node) })
  }

  private static func value(_ json: JSON) throws(InterchangeError) -> GraphValue {
    let object = try JSONObject(json, keys: ["name", "element_type", "dimensions"])
    return GraphValue(
      name: try object.required("name", text), elementType: try object.optional("element_type", elementType),
      dimensions: try object.optional("dimensions") { json throws(InterchangeError) in
        try json.list(of: dimension)
      })
  }

  private static func elementType(_ json: JSON) throws(InterchangeError) -> ElementType {
    guard let elementType = ElementType(name: try json.text()) else {
      throw json.mismatch("one of \(ElementType.allCases.map(\.name).joined(separator: ", "))")
    }
    return elementType
  }

  private static func dimension(_ json: JSON) throws(InterchangeError) -> GraphDimension {
    switch json {
    case .null: return .unknown
    case .string(let symbol): return .symbol(symbol)
    case .number(let text):
      guard let size = Int(text), size >= 0 else { fallthrough }
      return .size(size)
    default: throw json.mismatch("a size from 0, a symbol or null")
    }
  }

  private static func node(_ json: JSON) throws(InterchangeError) -> Node {
    let object = try JSONObject(
      json, keys: ["name", "operator", "domain", "inputs", "outputs", "attributes"])
    return Node(
      name: try object.optional("name", text) ?? "", operatorType: try object.required("operator", text),
      domain: try object.optional("domain", text) ?? "", inputs: try object.required("inputs", texts),
      outputs: try object.required("outputs", texts),
      attributes: try object.optional("attributes") { json throws(InterchangeError) in
        try json.list(of: attribute)
      } ?? [])
  }

  private static func attribute(_ json: JSON) throws(InterchangeError) -> NodeAttribute {
    let valueKeys = ["float", "int", "string", "floats", "ints", "strings", "tensor", "graph"]
    let object = try JSONObject(json, keys: ["name"] + valueKeys)
    let found = object.keys.filter { $0 != "name" }
    guard let key = found.first, found.count == 1 else {
      throw InterchangeError(
        .graphAttributeValue, expected: "exactly one of \(valueKeys.joined(separator: ", "))",
        found: found.isEmpty ? "none" : found.joined(separator: ", "))
    }
    let value = try object.required(key) { json throws(InterchangeError) in
      try attributeValue(json, key: key)
    }
    return NodeAttribute(name: try object.required("name", text), value: value)
  }

  private static func attributeValue(_ json: JSON, key: String) throws(InterchangeError) -> AttributeValue {
    switch key {
    case "float": .float(try json.float())
    case "int": .int(try json.int())
    case "string": .string(try json.bytes())
    case "floats": .floats(try json.list { json throws(InterchangeError) in try json.float() })
    case "ints": .ints(try json.list(of: int))
    case "strings": .strings(try json.list { json throws(InterchangeError) in try json.bytes() })
    case "tensor": .tensor(try json.text())
    default: .graph(try graphPosition(json))
    }
  }

  /// The position of a graph whose number is counted from 1.
  private static func graphPosition(_ json: JSON) throws(InterchangeError) -> Int {
    let number = try json.int()
    guard number >= 1 else {
      throw InterchangeError(.graphNumber, expected: "a number from 1", found: "\(number)")
    }
    return number - 1
  }

  private static func text(_ json: JSON) throws(InterchangeError) -> String { try json.text() }

  private static func texts(_ json: JSON) throws(InterchangeError) -> [String] { try json.list(of: text) }

  private static func int(_ json: JSON) throws(InterchangeError) -> Int { try json.int() }
}
