import MomosModel
import Testing

@testable import MomosInterchange

struct GraphJSONTests {
  /// A whole text with these nodes.
  private func text(nodes: String = "", inputs: String = "") -> String {
    """
    {"operator_sets": [{"version": 17}],
     "graphs": [{"inputs": [\(inputs)], "outputs": [], "nodes": [\(nodes)]},
                {"inputs": [], "outputs": [], "nodes": []}]}
    """
  }

  private func node(attributes: String) -> String {
    text(nodes: #"{"operator": "A", "inputs": [], "outputs": ["y"], "attributes": [\#(attributes)]}"#)
  }

  private func decode(_ text: String) throws(InterchangeError) -> (
    graphs: [Graph], operatorSets: [OperatorSet]
  ) {
    try GraphJSON.decode(Bytes(Array(text.utf8)))
  }

  private func refused(_ text: String) -> InterchangeError? {
    refusal { () throws(InterchangeError) in try decode(text) }
  }

  static let document = """
    {
      "operator_sets": [
        {"domain": "", "version": 17}
      ],
      "graphs": [
        {
          "name": "digits",
          "inputs": [
            {"name": "x", "element_type": "f32", "dimensions": ["batch", 64, null]}
          ],
          "outputs": [
            {"name": "logits"}
          ],
          "nodes": [
            {
              "name": "fc1",
              "operator": "Gemm",
              "inputs": ["x", "fc1.weight", ""],
              "outputs": ["h1"],
              "attributes": [
                {"name": "transB", "int": 1},
                {"name": "alpha", "float": 0.1}
              ]
            },
            {"operator": "Relu", "inputs": ["h1"], "outputs": ["logits"]}
          ]
        }
      ]
    }

    """

  static let graph = Graph(
    name: "digits",
    inputs: [
      GraphValue(name: "x", elementType: .float32, dimensions: [.symbol("batch"), .size(64), .unknown])
    ],
    outputs: [GraphValue(name: "logits")],
    nodes: [
      Node(
        name: "fc1", operatorType: "Gemm", inputs: ["x", "fc1.weight", ""], outputs: ["h1"],
        attributes: [
          NodeAttribute(name: "transB", value: .int(1)), NodeAttribute(name: "alpha", value: .float(0.1)),
        ]),
      Node(operatorType: "Relu", inputs: ["h1"], outputs: ["logits"]),
    ])

  @Test func documentedFormIsDecoded() throws {
    let (graphs, operatorSets) = try decode(Self.document)
    #expect(graphs == [Self.graph])
    #expect(operatorSets == [OperatorSet(domain: "", version: 17)])
  }

  @Test func documentedFormIsEncoded() {
    let operatorSets = [OperatorSet(domain: "", version: 17)]
    #expect(GraphJSON.encode(graphs: [Self.graph], operatorSets: operatorSets) == Self.document)
  }

  @Test(arguments: [
    AttributeValue.float(0), .float(-0.0), .float(.leastNonzeroMagnitude), .float(.greatestFiniteMagnitude),
    .float(16_777_215),
    .float(.infinity), .float(-.infinity), .floats([]), .floats([1, 0.1, -.infinity]),
    .int(.max), .int(.min), .ints([]), .ints([1, -2]), .string([]),
    .string(Array("a\"\\/\n\r\t\0\u{1F}é🙂".utf8)),
    .string([0xFF, 0]), .strings([]), .strings([[0x61], [0xC3], []]), .tensor("w"), .graph(1),
  ])
  func everyAttributeValueSurvives(_ value: AttributeValue) throws {
    let node = Node(
      operatorType: "A", domain: "ai.momos", inputs: [], outputs: [],
      attributes: [NodeAttribute(name: "é", value: value)])
    let graphs = [
      Graph(inputs: [], outputs: [], nodes: [node]), Graph(name: "then", inputs: [], outputs: [], nodes: []),
    ]
    let text = GraphJSON.encode(graphs: graphs, operatorSets: [])
    #expect(try decode(text).graphs == graphs)
  }

  @Test func notANumberSurvives() throws {
    let (graphs, _) = try decode(node(attributes: #"{"name": "a", "float": "nan"}"#))
    guard case .float(let value) = graphs[0].nodes[0].attribute("a") else {
      Issue.record("no float")
      return
    }
    #expect(value.isNaN)
    #expect(GraphJSON.encode(graphs: graphs, operatorSets: []).contains(#""float": "nan""#))
  }

  @Test func emptyDimensionsAreAScalarAndNoneAreUnknown() throws {
    let inputs = #"{"name": "a", "dimensions": []}, {"name": "b"}"#
    let graph = try decode(text(inputs: inputs)).graphs[0]
    #expect(graph.inputs.map(\.dimensions) == [[], nil])
    let encoded = GraphJSON.encode(graphs: [graph], operatorSets: [])
    #expect(try decode(encoded).graphs == [graph])
  }

  @Test(arguments: [
    (#"{"operator_sets": [], "graphs": [], "graph": 1}"#, "", "'graph'"),
    (#"{"operator_sets": [{"version": 1, "x": 0}], "graphs": []}"#, "operator_sets[0]", "'x'"),
    (#"{"operator_sets": [], "graphs": [{"node": []}]}"#, "graphs[0]", "'node'"),
  ])
  func unknownKeysAreNamed(_ text: String, _ place: String, _ key: String) throws {
    let error = try #require(refused(text))
    #expect(error.rule == .jsonUnknownKey)
    #expect(error.place == place)
    #expect(error.found == key)
  }

  @Test func unknownKeysInsideAGraphAreNamed() throws {
    let inNode = try #require(refused(text(nodes: #"{"op": "A", "inputs": [], "outputs": []}"#)))
    #expect(inNode.rule == .jsonUnknownKey)
    #expect(inNode.place == "graphs[0].nodes[0]")
    let inValue = try #require(refused(text(inputs: #"{"name": "x", "shape": [1]}"#)))
    #expect(inValue.rule == .jsonUnknownKey)
    #expect(inValue.place == "graphs[0].inputs[0]")
    let inAttribute = try #require(refused(node(attributes: #"{"name": "a", "integer": 1}"#)))
    #expect(inAttribute.rule == .jsonUnknownKey)
    #expect(inAttribute.place == "graphs[0].nodes[0].attributes[0]")
  }

  @Test(arguments: [
    (#"{"graphs": []}"#, "", "the key 'operator_sets'"),
    (#"{"operator_sets": []}"#, "", "the key 'graphs'"),
    (#"{"operator_sets": [{}], "graphs": []}"#, "operator_sets[0]", "the key 'version'"),
    (#"{"operator_sets": [], "graphs": [{"inputs": [], "outputs": []}]}"#, "graphs[0]", "the key 'nodes'"),
  ])
  func missingKeysAreNamed(_ text: String, _ place: String, _ expected: String) throws {
    let error = try #require(refused(text))
    #expect(error.rule == .jsonMissingKey)
    #expect(error.place == place)
    #expect(error.expected == expected)
  }

  @Test(arguments: [
    (#"{"name": "a"}"#, "none"), (#"{"name": "a", "int": 1, "float": 1}"#, "int, float"),
  ])
  func attributeHasExactlyOneValue(_ attribute: String, _ found: String) throws {
    let error = try #require(refused(node(attributes: #"{"name": "b", "int": 0}, \#(attribute)"#)))
    #expect(error.rule == .graphAttributeValue)
    #expect(error.place == "graphs[0].nodes[0].attributes[1]")
    #expect(error.found == found)
  }

  @Test(arguments: [
    (#"{"name": "a", "int": "1"}"#, "int", "a 64-bit integer"),
    (#"{"name": "a", "int": null}"#, "int", "a 64-bit integer"),
    (#"{"name": "a", "float": true}"#, "float", "a float32 number"),
    (#"{"name": 1, "int": 1}"#, "name", "a string"),
    (#"{"name": "a", "ints": 1}"#, "ints", "a list"),
    (#"{"name": "a", "ints": [1, "2"]}"#, "ints[1]", "a 64-bit integer"),
    (#"{"name": "a", "strings": "b"}"#, "strings", "a list"),
    (#"{"name": "a", "tensor": []}"#, "tensor", "a string"),
  ])
  func wrongKindsOfValuesAreRefused(_ attribute: String, _ place: String, _ expected: String) throws {
    let error = try #require(refused(node(attributes: attribute)))
    #expect(error.rule == .jsonValue)
    #expect(error.place == "graphs[0].nodes[0].attributes[0].\(place)")
    #expect(error.expected == expected)
  }

  @Test(arguments: [
    #"{"name": "a", "int": 9223372036854775808}"#, #"{"name": "a", "int": 1.5}"#,
    #"{"name": "a", "float": 1e39}"#,
    #"{"name": "a", "float": "Infinity"}"#, #"{"name": "a", "string": [256]}"#,
    #"{"name": "a", "string": {}}"#, #"{"name": "a", "int": 1.0}"#, #"{"name": "a", "string": null}"#,
  ])
  func valuesOutOfRangeAreRefused(_ attribute: String) throws {
    let error = try #require(refused(node(attributes: attribute)))
    #expect(error.rule == .jsonValue)
    #expect(error.place.hasPrefix("graphs[0].nodes[0].attributes[0]."))
    #expect(!error.description.contains("\n"))
  }

  @Test(arguments: ["f33", "float32", ""])
  func unknownElementTypeIsRefused(_ name: String) throws {
    let error = try #require(refused(text(inputs: #"{"name": "x", "element_type": "\#(name)"}"#)))
    #expect(error.rule == .jsonValue)
    #expect(error.place == "graphs[0].inputs[0].element_type")
  }

  @Test(arguments: ["-1", "1.5", "true", "[]", "{}", "9223372036854775808"])
  func otherDimensionsAreRefused(_ dimension: String) throws {
    let error = try #require(refused(text(inputs: #"{"name": "x", "dimensions": [1, \#(dimension)]}"#)))
    #expect(error.rule == .jsonValue)
    #expect(error.place == "graphs[0].inputs[0].dimensions[1]")
  }

  @Test(arguments: ["0", "-1", "-9223372036854775808", "1", "3", "9223372036854775807"])
  func graphNumberMustBeThatOfALaterGraph(_ number: String) throws {
    let error = try #require(refused(node(attributes: #"{"name": "body", "graph": \#(number)}"#)))
    #expect(error.rule == .graphNumber)
    #expect(error.place.hasPrefix("graphs[0].nodes[0].attributes[0]"))
    #expect(error.found == number)
  }

  @Test func longTextIsRefused() throws {
    let long = try MutableBytes(byteCount: GraphJSON.maximumByteCount + 1).freeze()
    #expect(refusal { () throws(InterchangeError) in try GraphJSON.decode(long) }?.rule == .graphTooLarge)
  }

  @Test func fileIsNamedInErrors() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(#"{"operator_sets": []}"#.utf8), to: "graph.json")
    let error = refusal { () throws(InterchangeError) in try GraphJSON.read(path) }
    #expect(error?.description == "\(path): expected the key 'graphs', found none")
    _ = try folder.write(Array(Self.document.utf8), to: "graph.json")
    #expect(try GraphJSON.read(path).graphs == [Self.graph])
  }
}
