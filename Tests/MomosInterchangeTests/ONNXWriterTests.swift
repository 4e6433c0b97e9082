import MomosModel
import Testing

@testable import MomosInterchange

/// What is written reads as what it was, by the reader that is tested against onnx.
struct ONNXWriterTests {
  @Test(arguments: [0, ONNXWriter.maximumInlineByteCount])
  func modelsReadAsTheyWere(_ inlineLimit: Int) throws {
    for path in [
      SourceFixture.path("graph.onnx", format: "onnx"),
      SourceFixture.path("../../onnx/digits-cnn.onnx", format: "onnx"),
    ] {
      let source = try SourceCollection.open([path])
      let graph = try #require(try source.graph())
      let attributes = Set(
        graph.graphs.flatMap(\.nodes).flatMap(\.attributes).compactMap {
          if case .tensor(let name) = $0.value { name } else { nil }
        })
      let folder = try TemporaryFolder()
      let target = "\(folder.path)/model.onnx"
      var tensors: [String: Tensor] = [:]
      for name in attributes { tensors[name] = try source.read(name) }
      let written = source.catalog.filter { !attributes.contains($0.name) }
      var writer = try ONNXWriter.create(
        path: target, graphs: graph.graphs, operatorSets: graph.operatorSets, tensors: written,
        producerVersion: "1", inlineLimit: inlineLimit, attributeTensors: tensors)
      for tensor in written { try writer.add(source.read(tensor.name)) }
      try writer.finish()
      #expect(try folder.names().contains("model.onnx.data") == (inlineLimit == 0))

      let again = try SourceCollection.open([target])
      let found = try #require(try again.graph())
      #expect(found.operatorSets == graph.operatorSets)
      #expect(found.graphs[0].nodes.map(\.operatorType) == graph.graphs[0].nodes.map(\.operatorType))
      #expect(found.graphs[0].inputs == graph.graphs[0].inputs)
      #expect(found.graphs[0].outputs == graph.graphs[0].outputs)
      for tensor in written { #expect(try again.read(tensor.name) == source.read(tensor.name)) }
    }
  }
}
