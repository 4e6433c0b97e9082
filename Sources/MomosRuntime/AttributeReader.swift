import MomosModel

/// Hands the attributes of one node to its operator, and refuses those it did not ask for.
struct AttributeReader {
  private let label: NodeLabel
  private let tensor: (String) -> Tensor?
  private var unread: [String: AttributeValue] = [:]

  /// - Parameter tensor: the dense tensor of the model with a given name.
  /// - Throws: for two attributes of one name, and for subgraphs.
  init(_ node: Node, label: NodeLabel, tensor: @escaping (String) -> Tensor?) throws(RuntimeError) {
    self.label = label
    self.tensor = tensor
    for attribute in node.attributes {
      if case .graph = attribute.value { throw .subgraph(label, attribute: attribute.name) }
      guard unread.updateValue(attribute.value, forKey: attribute.name) == nil else {
        throw .duplicateAttribute(label, attribute: attribute.name)
      }
    }
  }

  mutating func int(_ name: String) throws(RuntimeError) -> Int? {
    guard let value = unread.removeValue(forKey: name) else { return nil }
    guard case .int(let number) = value else { throw typeError(name, expected: "int", value) }
    return number
  }

  mutating func int(_ name: String, default standard: Int) throws(RuntimeError) -> Int {
    try int(name) ?? standard
  }

  mutating func requiredInt(_ name: String) throws(RuntimeError) -> Int {
    guard let number = try int(name) else { throw .missingAttribute(label, attribute: name) }
    return number
  }

  /// An int that must be 0 or 1.
  mutating func flag(_ name: String, default standard: Bool) throws(RuntimeError) -> Bool {
    guard let number = try int(name) else { return standard }
    guard number == 0 || number == 1 else {
      throw .attributeValue(label, attribute: name, expected: "0 or 1", found: "\(number)")
    }
    return number == 1
  }

  mutating func float(_ name: String, default standard: Float) throws(RuntimeError) -> Float {
    try optionalFloat(name) ?? standard
  }

  mutating func optionalFloat(_ name: String) throws(RuntimeError) -> Float? {
    guard let value = unread.removeValue(forKey: name) else { return nil }
    guard case .float(let number) = value else { throw typeError(name, expected: "float", value) }
    return number
  }

  mutating func floats(_ name: String) throws(RuntimeError) -> [Float]? {
    guard let value = unread.removeValue(forKey: name) else { return nil }
    guard case .floats(let numbers) = value else { throw typeError(name, expected: "floats", value) }
    return numbers
  }

  /// A dense tensor.
  mutating func tensor(_ name: String) throws(RuntimeError) -> Tensor? {
    guard let value = unread.removeValue(forKey: name) else { return nil }
    guard case .tensor(let tensorName) = value, let tensor = tensor(tensorName) else {
      throw typeError(name, expected: "a dense tensor of the model", value)
    }
    return tensor
  }

  mutating func string(_ name: String) throws(RuntimeError) -> String? {
    guard let value = unread.removeValue(forKey: name) else { return nil }
    guard case .string(let bytes) = value else { throw typeError(name, expected: "string", value) }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func strings(_ name: String) throws(RuntimeError) -> [String]? {
    guard let value = unread.removeValue(forKey: name) else { return nil }
    guard case .strings(let texts) = value else { throw typeError(name, expected: "strings", value) }
    return texts.map { String(decoding: $0, as: UTF8.self) }
  }

  mutating func ints(_ name: String) throws(RuntimeError) -> [Int]? {
    guard let value = unread.removeValue(forKey: name) else { return nil }
    guard case .ints(let numbers) = value else { throw typeError(name, expected: "ints", value) }
    return numbers
  }

  /// A string that must be one of `choices`, the first of which is the default.
  mutating func choice(_ name: String, of choices: [String]) throws(RuntimeError) -> String {
    guard let text = try string(name) else { return choices[0] }
    guard choices.contains(text) else {
      let expected = choices.joined(separator: " or ")
      throw .attributeValue(label, attribute: name, expected: expected, found: text)
    }
    return text
  }

  /// Refuses the attributes that were not read.
  /// - Parameter version: of the operator set, for the message.
  func finish(version: Int) throws(RuntimeError) {
    if let name = unread.keys.min() {
      throw .unknownAttribute(label, attribute: name, version: version)
    }
  }

  private func typeError(_ name: String, expected: String, _ value: AttributeValue) -> RuntimeError {
    .attributeType(label, attribute: name, expected: expected, found: value.typeName)
  }
}

extension AttributeValue {
  /// The ONNX name of the attribute's type, in lower case.
  fileprivate var typeName: String {
    switch self {
    case .float: "float"
    case .int: "int"
    case .string: "string"
    case .floats: "floats"
    case .ints: "ints"
    case .strings: "strings"
    case .tensor: "tensor"
    case .graph: "graph"
    }
  }
}
