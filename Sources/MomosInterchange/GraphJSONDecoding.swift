import FoundationEssentials
import MomosModel

/// The whole text.
struct GraphDocument: Decodable {
  let graphs: [Graph]
  let operatorSets: [OperatorSet]

  private enum Key: String, CodingKey, CaseIterable {
    case operatorSets = "operator_sets"
    case graphs
  }

  init(from decoder: any Decoder) throws {
    let object = try decoder.object(keyedBy: Key.self)
    operatorSets = try object.decode([JSONOperatorSet].self, forKey: .operatorSets).map(\.value)
    graphs = try object.decode([JSONGraph].self, forKey: .graphs).map(\.value)
  }

  init(decoding text: [UInt8]) throws(InterchangeError) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      self = try decoder.decode(GraphDocument.self, from: Data(text))
    } catch let error as InterchangeError {
      throw error
    } catch let error as DecodingError {
      throw InterchangeError(error)
    } catch {
      throw InterchangeError(.graphSyntax, expected: "JSON", found: "\(error)")
    }
  }
}

private struct JSONOperatorSet: Decodable {
  let value: OperatorSet

  private enum Key: String, CodingKey, CaseIterable { case domain, version }

  init(from decoder: any Decoder) throws {
    let object = try decoder.object(keyedBy: Key.self)
    value = OperatorSet(
      domain: try object.decodeIfPresent(String.self, forKey: .domain) ?? "",
      version: try object.decode(JSONNumber<Int>.self, forKey: .version).value)
  }
}

private struct JSONGraph: Decodable {
  let value: Graph

  private enum Key: String, CodingKey, CaseIterable { case name, inputs, outputs, nodes }

  init(from decoder: any Decoder) throws {
    let object = try decoder.object(keyedBy: Key.self)
    value = Graph(
      name: try object.decodeIfPresent(String.self, forKey: .name) ?? "",
      inputs: try object.decode([JSONValue].self, forKey: .inputs).map(\.value),
      outputs: try object.decode([JSONValue].self, forKey: .outputs).map(\.value),
      nodes: try object.decode([JSONNode].self, forKey: .nodes).map(\.value))
  }
}

/// An input or output of a graph.
private struct JSONValue: Decodable {
  let value: GraphValue

  private enum Key: String, CodingKey, CaseIterable {
    case name
    case elementType = "element_type"
    case dimensions
  }

  init(from decoder: any Decoder) throws {
    let object = try decoder.object(keyedBy: Key.self)
    value = GraphValue(
      name: try object.decode(String.self, forKey: .name),
      elementType: try object.decodeIfPresent(JSONElementType.self, forKey: .elementType)?.value,
      dimensions: try object.decodeIfPresent([JSONDimension].self, forKey: .dimensions)?.map(\.value))
  }
}

private struct JSONElementType: Decodable {
  let value: ElementType

  init(from decoder: any Decoder) throws {
    let name = try decoder.singleValueContainer().decode(String.self)
    guard let value = ElementType(name: name) else {
      throw InterchangeError(
        .graphValue, place: decoder.codingPath.place,
        expected: ElementType.allCases.map(\.name).joined(separator: ", "),
        found: InterchangeError.quoted(name))
    }
    self.value = value
  }
}

private struct JSONDimension: Decodable {
  let value: GraphDimension

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      value = .unknown
    } else if let symbol = try? container.decode(String.self) {
      value = .symbol(symbol)
    } else if let size = try? container.decode(Int.self), size >= 0 {
      value = .size(size)
    } else {
      throw InterchangeError(
        .graphValue, place: decoder.codingPath.place, expected: "a size from 0, a symbol or null",
        found: "another value")
    }
  }
}

private struct JSONNode: Decodable {
  let value: Node

  private enum Key: String, CodingKey, CaseIterable {
    case name
    case operatorType = "operator"
    case domain, inputs, outputs, attributes
  }

  init(from decoder: any Decoder) throws {
    let object = try decoder.object(keyedBy: Key.self)
    value = Node(
      name: try object.decodeIfPresent(String.self, forKey: .name) ?? "",
      operatorType: try object.decode(String.self, forKey: .operatorType),
      domain: try object.decodeIfPresent(String.self, forKey: .domain) ?? "",
      inputs: try object.decode([String].self, forKey: .inputs),
      outputs: try object.decode([String].self, forKey: .outputs),
      attributes: try object.decodeIfPresent([JSONAttribute].self, forKey: .attributes)?.map(\.value) ?? [])
  }
}

private struct JSONAttribute: Decodable {
  let value: NodeAttribute

  private enum Key: String, CodingKey, CaseIterable {
    case name, float, int, string, floats, ints, strings, tensor, graph
  }

  init(from decoder: any Decoder) throws {
    let object = try decoder.object(keyedBy: Key.self)
    let keys = object.allKeys.filter { $0 != .name }
    guard let key = keys.first, keys.count == 1 else {
      throw InterchangeError(
        .graphAttributeValue, place: decoder.codingPath.place,
        expected: "exactly one of float, int, string, floats, ints, strings, tensor and graph",
        found: keys.isEmpty ? "none" : keys.map(\.stringValue).sorted().joined(separator: ", "))
    }
    value = NodeAttribute(
      name: try object.decode(String.self, forKey: .name), value: try Self.value(object, forKey: key))
  }

  private static func value(
    _ object: KeyedDecodingContainer<Key>, forKey key: Key
  ) throws -> AttributeValue {
    switch key {
    case .float: .float(try object.decode(JSONNumber<Float>.self, forKey: key).value)
    case .int: .int(try object.decode(JSONNumber<Int>.self, forKey: key).value)
    case .string: .string(try object.decode(JSONBytes.self, forKey: key).value)
    case .floats: .floats(try object.decode([JSONNumber<Float>].self, forKey: key).map(\.value))
    case .ints: .ints(try object.decode([JSONNumber<Int>].self, forKey: key).map(\.value))
    case .strings: .strings(try object.decode([JSONBytes].self, forKey: key).map(\.value))
    case .tensor, .name: .tensor(try object.decode(String.self, forKey: key))
    case .graph: .graph(try object.decode(JSONGraphNumber.self, forKey: key).position)
    }
  }
}

/// A number. Of one that the type cannot hold the library does not say where it stands.
private struct JSONNumber<Value: Decodable>: Decodable {
  let value: Value

  init(from decoder: any Decoder) throws {
    do {
      value = try decoder.singleValueContainer().decode(Value.self)
    } catch let error as DecodingError {
      throw error
    } catch {
      throw InterchangeError(
        .graphValue, place: decoder.codingPath.place, expected: InterchangeError.kind(of: Value.self),
        found: "a number that is out of its range or has a fraction")
    }
  }
}

/// A string, or the list of its bytes where it is not UTF-8.
private struct JSONBytes: Decodable {
  let value: [UInt8]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      value = Array(text.utf8)
    } else {
      value = try container.decode([JSONNumber<UInt8>].self).map(\.value)
    }
  }
}

/// A reference to a graph, counted from 1.
private struct JSONGraphNumber: Decodable {
  let position: Int

  init(from decoder: any Decoder) throws {
    let number = try JSONNumber<Int>(from: decoder).value
    guard number >= 1 else {
      throw InterchangeError(
        .graphNumber, place: decoder.codingPath.place, expected: "a number from 1", found: "\(number)")
    }
    position = number - 1
  }
}

extension Decoder {
  /// The object here; a key that `Key` does not have is an error, so that no misspelled key passes silently.
  fileprivate func object<Key: CodingKey & CaseIterable>(
    keyedBy type: Key.Type
  ) throws -> KeyedDecodingContainer<Key> {
    let allowed = Key.allCases.map(\.stringValue)
    let found = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
    // The smallest one, because the library's order of keys is not that of the text.
    if let unknown = found.filter({ !allowed.contains($0) }).min() {
      throw InterchangeError(
        .graphUnknownKey, place: codingPath.place,
        expected: "only the keys \(allowed.joined(separator: ", "))",
        found: InterchangeError.quoted(unknown))
    }
    return try container(keyedBy: type)
  }
}

private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension [any CodingKey] {
  /// For instance `graphs[0].nodes[3]`; "" for the whole text.
  fileprivate var place: String {
    reduce("") { place, key in
      if let position = key.intValue { return "\(place)[\(position)]" }
      return place.isEmpty ? key.stringValue : "\(place).\(key.stringValue)"
    }
  }
}

extension InterchangeError {
  /// What the JSON library reports, as a rule of this module.
  fileprivate init(_ error: DecodingError) {
    switch error {
    case .keyNotFound(let key, let context):
      self.init(
        .graphMissingKey, place: context.codingPath.place, expected: "the key '\(key.stringValue)'",
        found: "none")
    case .typeMismatch(let type, let context):
      self.init(
        .graphValue, place: context.codingPath.place, expected: Self.kind(of: type),
        found: "another kind of value")
    case .valueNotFound(let type, let context):
      self.init(.graphValue, place: context.codingPath.place, expected: Self.kind(of: type), found: "null")
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      let reason = context.underlyingError.map { "\($0)" } ?? context.debugDescription
      self.init(.graphSyntax, expected: "JSON", found: reason)
    case .dataCorrupted(let context):
      self.init(
        .graphValue, place: context.codingPath.place, expected: "a value of the right kind and range",
        found: "another: \(context.debugDescription)")
    @unknown default:
      self.init(.graphSyntax, expected: "JSON", found: "\(error)")
    }
  }

  fileprivate static func kind(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Int.Type: "a 64-bit integer"
    case is Float.Type: "a float32 number"
    case is UInt8.Type: "a byte, 0 to 255"
    case is [Any].Type: "a list"
    default: "an object"
    }
  }
}
