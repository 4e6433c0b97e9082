public import MomosModel

/// The JSON form of graphs, for people and scripts that write one beside a file of weights:
///
///     {
///       "operator_sets": [
///         {"domain": "", "version": 17}
///       ],
///       "graphs": [
///         {
///           "name": "digits",
///           "inputs": [
///             {"name": "x", "element_type": "f32", "dimensions": ["batch", 64]}
///           ],
///           "outputs": [
///             {"name": "logits"}
///           ],
///           "nodes": [
///             {
///               "name": "fc1",
///               "operator": "Gemm",
///               "inputs": ["x", "fc1.weight", "fc1.bias"],
///               "outputs": ["logits"],
///               "attributes": [
///                 {"name": "transB", "int": 1}
///               ]
///             }
///           ]
///         }
///       ]
///     }
///
/// - A dimension is a number, a string (a symbol: equal symbols mean equal sizes) or null (unknown).
/// - "domain", the "name" of graphs and nodes, "attributes", "element_type" and "dimensions" may be left out.
/// - An attribute has one of the keys "float", "int", "string", "floats", "ints", "strings", "tensor" (a
///   name) and "graph" (the number of a graph in "graphs", counted from 1, larger than that of its own
///   graph).
/// - A float may also be "inf", "-inf" or "nan". A string that is not UTF-8 is a list of its bytes as
///   numbers.
/// - Any other key is an error, and so is a repeated one.
public enum GraphJSON {
  /// Longest text.
  public static let maximumByteCount = 64 << 20

  /// Reads a file.
  public static func read(
    _ path: String
  ) throws(InterchangeError) -> (graphs: [Graph], operatorSets: [OperatorSet]) {
    do throws(InterchangeError) {
      return try decode(SourceFile.map(path))
    } catch {
      throw error.inFile(path)
    }
  }

  /// Decodes UTF-8 text.
  ///
  /// Only the form is checked and that graphs refer to later ones; whether names are defined and operators
  /// exist is for the planner to say.
  /// - Throws: an error whose place is a path such as `graphs[0].nodes[3].attributes[1]`, or line and column
  ///   where the text is not JSON.
  public static func decode(
    _ text: Bytes
  ) throws(InterchangeError) -> (graphs: [Graph], operatorSets: [OperatorSet]) {
    guard text.count <= maximumByteCount else {
      throw InterchangeError(
        .graphTooLarge, expected: "at most \(maximumByteCount) bytes of JSON", found: "\(text.count)")
    }
    let document = try GraphJSONDecoding.document(JSONParser.parse(text.array(of: UInt8.self)))
    try document.graphs.requireForwardReferences()
    return document
  }

  /// Encodes graphs as they are: decoding the text gives them back. The text ends with a line end.
  public static func encode(graphs: [Graph], operatorSets: [OperatorSet]) -> String {
    JSON.object([
      ("operator_sets", .array(operatorSets.map(JSON.init))),
      ("graphs", .array(graphs.map(JSON.init))),
    ]).rendered() + "\n"
  }
}

extension [Graph] {
  /// Requires that an attribute refers to a graph after its own, so that graphs never contain themselves.
  fileprivate func requireForwardReferences() throws(InterchangeError) {
    for (position, graph) in enumerated() {
      for (nodePosition, node) in graph.nodes.enumerated() {
        for (attributePosition, attribute) in node.attributes.enumerated() {
          guard case .graph(let target) = attribute.value, target <= position || target >= count else {
            continue
          }
          throw InterchangeError(
            .graphNumber,
            place: "graphs[\(position)].nodes[\(nodePosition)].attributes[\(attributePosition)]",
            expected: "the number of a later graph, \(position + 2) to \(count)", found: "\(target + 1)")
        }
      }
    }
  }
}
