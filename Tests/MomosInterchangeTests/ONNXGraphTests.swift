import MomosModel
import Testing

@testable import MomosInterchange

/// The graph of an ONNX model, against what tools/fixtures/make_onnx_fixtures.py wrote into graph.onnx.
struct ONNXGraphTests {
  private let source: SourceCollection
  private let graph: Graph
  private let operatorSets: [OperatorSet]

  init() throws {
    source = try SourceCollection.open([SourceFixture.path("graph.onnx", format: "onnx")])
    let document = try #require(try source.graph())
    #expect(document.graphs.count == 1)
    graph = document.graphs[0]
    operatorSets = document.operatorSets
  }

  @Test func initialisersThatAreInputsAreTensors() {
    #expect(graph.inputs.map(\.name) == ["x", "open", "untyped"])
    #expect(source.catalog.prefix(3).map(\.name) == ["w", "b", "shape"])
  }

  @Test func symbolsAndUnknownDimensionsStay() {
    #expect(
      graph.inputs == [
        GraphValue(name: "x", elementType: .float32, dimensions: [.symbol("batch"), .size(4)]),
        GraphValue(name: "open", elementType: .float32, dimensions: [.unknown, .size(0), .unknown]),
        GraphValue(name: "untyped"),
      ])
    #expect(
      graph.outputs == [
        GraphValue(name: "y", elementType: .float32, dimensions: [.symbol("batch"), .size(3)]),
        GraphValue(name: "filled", elementType: .int64, dimensions: [.symbol("n")]),
      ])
  }

  @Test func constantsBecomeTensors() throws {
    #expect(!graph.nodes.contains { $0.operatorType == "Constant" })
    #expect(try source.read("two").floats() == [2, 2, 2])
    #expect(try source.read("half").floats() == [0.5])
    #expect(try source.read("half").shape.rank == 0)
    #expect(try source.read("axes").integers() == [0, -1])
    #expect(try source.read("axes").elementType == .int64)
    #expect(try source.read("list").shape.dimensions == [2])
    #expect(try source.read("number").integers() == [7])
  }

  @Test func tensorsOfAttributesGetNamesOfTheirOwn() throws {
    #expect(graph.nodes[3].attributes == [NodeAttribute(name: "value", value: .tensor("fill.value"))])
    #expect(graph.nodes[4].attributes == [NodeAttribute(name: "value", value: .tensor("fill.value.2"))])
    #expect(try source.read("fill.value").integers() == [3])
    #expect(try source.read("fill.value.2").integers() == [4])
  }

  @Test func attributesStayInTheirOrder() {
    #expect(graph.nodes[0].name == "fc")
    #expect(graph.nodes[0].inputs == ["x", "w", "b"])
    #expect(
      Set(graph.nodes[0].attributes) == [
        NodeAttribute(name: "transB", value: .int(1)), NodeAttribute(name: "alpha", value: .float(0.5)),
      ])
    let custom = graph.nodes[5]
    #expect(custom.inputs == ["y", ""])
    #expect(custom.attribute("text") == .string(Array("abc".utf8)))
    #expect(custom.attribute("texts") == .strings([Array("a".utf8), Array("b".utf8)]))
    #expect(custom.attribute("numbers") == .floats([1.5, 2.5]))
    #expect(custom.attribute("ints") == .ints([1, -2]))
    #expect(custom.attributes.last == NodeAttribute(name: "empty", value: .ints([])))
  }

  @Test func domainsAndTheirVersionsAreThoseOfNodes() {
    #expect(graph.nodes.map(\.domain) == ["", "", "", "", "", "test"])
    #expect(graph.name == "main")
    #expect(
      operatorSets == [OperatorSet(domain: "", version: 17), OperatorSet(domain: "test", version: 3)])
  }

  @Test func secondGraphIsRefused() throws {
    let path = SourceFixture.path("graph.onnx", format: "onnx")
    let first = try ONNXSource(SourceFile.map(path), path: path)
    struct Other: TensorSource {
      let graphs: SourceGraph
      var catalog: [SourceTensor] { [] }
      func read(_ name: String) throws(InterchangeError) -> Tensor { throw .unknownTensor(name) }
      func graph() throws(InterchangeError) -> SourceGraph? { graphs }
    }
    let other = Other(graphs: SourceGraph(graphs: [graph], operatorSets: []))
    let both = try SourceCollection([first, other])
    #expect(refusal { () throws(InterchangeError) in try both.graph() }?.rule == .severalGraphs)
  }
}
