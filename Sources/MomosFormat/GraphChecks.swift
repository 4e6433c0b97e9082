import MomosModel

/// Turns graph records into graphs: rules H-03, H-06 and G-01 to G-06.
struct GraphChecks {
  /// Tensor numbers by the bytes of their names.
  let tensorNumbers: [[UInt8]: Int]
  let graphCount: Int

  /// - Parameter number: of the graph, from 1.
  func graph(_ record: GraphRecord, number: Int) throws(FormatError) -> Graph {
    let place = "graph \(number)"
    let name = try Text.name(record.name, rule: .g01, at: "name of \(place)", mayBeEmpty: true)
    var nodes: [Node] = []
    for (position, node) in record.nodes.enumerated() {
      nodes.append(try self.node(node, graph: number, at: "\(place), node \(position + 1)"))
    }
    let graph = Graph(
      name: name, inputs: try values(record.inputs, at: "\(place), input"),
      outputs: try values(record.outputs, at: "\(place), output"), nodes: nodes)
    guard nodes.count <= FormatLimits.maximumNodeCount else {
      throw FormatError(
        .g06, at: place, expected: "at most \(FormatLimits.maximumNodeCount) nodes", found: "\(nodes.count)")
    }
    return graph
  }

  private func values(_ records: [ValueRecord], at place: String) throws(FormatError) -> [GraphValue] {
    var values: [GraphValue] = []
    for (position, record) in records.enumerated() {
      values.append(try value(record, at: "\(place) \(position + 1)"))
    }
    return values
  }

  private func value(_ record: ValueRecord, at place: String) throws(FormatError) -> GraphValue {
    let name = try Text.name(record.name, rule: .g01, at: place, mayBeEmpty: false)
    let elementType = try ElementType.optional(record.elementType, at: place)
    guard record.dimensions.count <= FormatLimits.maximumGraphRank else {
      throw FormatError(
        .g05, at: place, expected: "at most \(FormatLimits.maximumGraphRank) dimensions",
        found: "\(record.dimensions.count)")
    }
    var dimensions: [GraphDimension] = []
    for dimension in record.dimensions { dimensions.append(try self.dimension(dimension, at: place)) }
    return GraphValue(
      name: name, elementType: elementType,
      dimensions: dimensions.isEmpty && record.hasShape != true ? nil : dimensions)
  }

  private func dimension(_ record: DimensionRecord, at place: String) throws(FormatError) -> GraphDimension {
    switch (record.size, record.symbol) {
    case (nil, nil): return .unknown
    case (let size?, nil) where size <= FormatLimits.maximumGraphDimension: return .size(Int(size))
    case (nil, let symbol?):
      return .symbol(try Text.name(symbol, rule: .g01, at: "\(place), symbol", mayBeEmpty: true))
    case (let size?, nil):
      throw FormatError(.g05, at: place, expected: "a dimension of at most 2^48", found: "\(size)")
    case (_?, _?):
      throw FormatError(.g05, at: place, expected: "a size or a symbol", found: "both")
    }
  }

  private func node(_ record: NodeRecord, graph: Int, at place: String) throws(FormatError) -> Node {
    var attributes: [NodeAttribute] = []
    for (position, attribute) in record.attributes.enumerated() {
      let place = "\(place), attribute \(position + 1)"
      let name = try Text.name(attribute.name, rule: .g01, at: place, mayBeEmpty: false)
      attributes.append(NodeAttribute(name: name, value: try value(attribute, graph: graph, at: place)))
    }
    return Node(
      name: try Text.name(record.name, rule: .g01, at: "\(place), name", mayBeEmpty: true),
      operatorType: try Text.name(
        record.operatorType, rule: .g01, at: "\(place), operator type", mayBeEmpty: false),
      domain: try Text.name(record.domain, rule: .g01, at: "\(place), domain", mayBeEmpty: true),
      inputs: try names(record.inputs, at: "\(place), input"),
      outputs: try names(record.outputs, at: "\(place), output"), attributes: attributes)
  }

  private func names(_ records: [[UInt8]], at place: String) throws(FormatError) -> [String] {
    var names: [String] = []
    for (position, record) in records.enumerated() {
      names.append(try Text.name(record, rule: .g01, at: "\(place) \(position + 1)", mayBeEmpty: true))
    }
    return names
  }

  /// G-02 and G-03.
  private func value(
    _ record: AttributeRecord, graph: Int, at place: String
  ) throws(FormatError) -> AttributeValue {
    guard let number = record.type, let type = AttributeType(rawValue: number) else {
      throw FormatError(
        .h03, at: place, expected: "a known attribute type", found: record.type.map { "\($0)" } ?? "none")
    }
    let present = AttributeType.allCases.filter { $0.isPresent(in: record) }
    guard present == [type] || present.isEmpty && type.isList else {
      throw FormatError(
        .g02, at: place, expected: "only the value field of its type, \(type)",
        found: present.isEmpty ? "none" : present.map { "\($0)" }.joined(separator: ", "))
    }
    switch type {
    case .float: return .float(record.float ?? 0)
    case .int: return .int(Int(record.int ?? 0))
    case .string: return .string(record.string ?? [])
    case .floats: return .floats(record.floats)
    case .ints: return .ints(record.ints.map { Int($0) })
    case .strings: return .strings(record.strings)
    case .tensor: return .tensor(try tensorName(record.tensor ?? [], at: place))
    case .graph: return .graph(try position(ofGraph: record.graph ?? 0, after: graph, at: place))
    }
  }

  private func tensorName(_ name: [UInt8], at place: String) throws(FormatError) -> String {
    guard tensorNumbers[name] != nil else {
      throw FormatError(
        .g03, at: place, expected: "the name of a tensor of the file",
        found: quoted(String(decoding: name, as: UTF8.self)))
    }
    return String(decoding: name, as: UTF8.self)
  }

  private func position(ofGraph number: UInt32, after own: Int, at place: String) throws(FormatError) -> Int {
    guard number != 0, number <= graphCount else {
      throw FormatError(
        .h06, at: place, expected: "a graph number from 1 to \(graphCount)", found: "\(number)")
    }
    guard number > own else {
      throw FormatError(.g03, at: place, expected: "a graph number above \(own)", found: "\(number)")
    }
    return Int(number) - 1
  }

  /// G-04.
  static func operatorSets(_ records: [OperatorSetRecord]) throws(FormatError) -> [OperatorSet] {
    var sets: [OperatorSet] = []
    var domains: Set<[UInt8]> = []
    for (position, record) in records.enumerated() {
      let place = "operator set \(position + 1)"
      let domain = try Text.name(record.domain, rule: .g01, at: place, mayBeEmpty: true)
      guard domains.insert(record.domain ?? []).inserted else {
        throw FormatError(.g04, at: place, expected: "unique domains", found: "\(quoted(domain)) again")
      }
      let version = record.version ?? 0
      guard (1...FormatLimits.maximumOperatorSetVersion).contains(version) else {
        throw FormatError(
          .g04, at: place, expected: "a version of 1 to \(FormatLimits.maximumOperatorSetVersion)",
          found: "\(version)")
      }
      sets.append(OperatorSet(domain: domain, version: Int(version)))
    }
    return sets
  }
}

/// The types of attributes. Raw values are those of `momos.proto`.
enum AttributeType: UInt32, CaseIterable {
  case float = 1
  case int = 2
  case string = 3
  case tensor = 4
  case graph = 5
  case floats = 6
  case ints = 7
  case strings = 8

  /// True for fields that cannot tell "empty" from "absent".
  var isList: Bool {
    switch self {
    case .floats, .ints, .strings: true
    case .float, .int, .string, .tensor, .graph: false
    }
  }

  /// True if the record has the value field of this type.
  func isPresent(in record: AttributeRecord) -> Bool {
    switch self {
    case .float: record.float != nil
    case .int: record.int != nil
    case .string: record.string != nil
    case .tensor: record.tensor != nil
    case .graph: record.graph != nil
    case .floats: !record.floats.isEmpty
    case .ints: !record.ints.isEmpty
    case .strings: !record.strings.isEmpty
    }
  }
}
