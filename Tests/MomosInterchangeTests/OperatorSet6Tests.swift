import MomosModel
import Testing

@testable import MomosInterchange

/// What the change list of ONNX says about version 7 of its operators.
struct OperatorSet6Tests {
  /// `a` has rank 3; `b` and `c` are initialisers of shapes [4] and [1].
  private let graph = ONNXGraph(
    name: "", nodes: [], initializers: [Self.tensor("b", [4]), Self.tensor("c", [1])], sparseInitializers: [],
    inputs: [
      ONNXValue(
        name: "a", type: .tensor(elementType: 1, dimensions: [.symbol("n"), .size(3), .size(4)]))
    ], outputs: [])

  private static func tensor(_ name: String, _ dimensions: [Int]) -> ONNXTensor {
    ONNXTensor(
      name: name, dataType: 1, dimensions: dimensions, isSegment: false, isExternal: false,
      externalData: [], data: ONNXScan.DataNote())
  }

  private func upgraded(_ type: String, _ attributes: [(String, Int)], b: String = "b") throws -> Node {
    let attributes = attributes.map { NodeAttribute(name: $0.0, value: .int($0.1)) }
    let node = Node(operatorType: type, inputs: ["a", b], outputs: ["y"], attributes: attributes)
    return try OperatorSet6(graph).upgraded(node)
  }

  @Test func broadcastingOfTheLastDimensionsIsNumpys() throws {
    #expect(try upgraded("Add", [("broadcast", 1)]).attributes.isEmpty)
    #expect(try upgraded("Mul", [("broadcast", 1), ("axis", 2)]).attributes.isEmpty)
    #expect(try upgraded("Sub", [("broadcast", 1), ("axis", -1)]).attributes.isEmpty)
    let gemm = try upgraded("Gemm", [("broadcast", 1), ("transB", 1)])
    #expect(gemm.attributes == [NodeAttribute(name: "transB", value: .int(1))])
  }

  @Test func broadcastingOfOtherDimensionsIsRefused() {
    #expect(throws: InterchangeError.self) { try upgraded("Add", [("broadcast", 1), ("axis", 1)]) }
    #expect(throws: InterchangeError.self) { try upgraded("Add", [("axis", 2)], b: "computed") }
  }

  @Test func trainingIsRefused() throws {
    #expect(try upgraded("BatchNormalization", [("is_test", 1)]).attributes.isEmpty)
    #expect(throws: InterchangeError.self) { try upgraded("BatchNormalization", []) }
    #expect(throws: InterchangeError.self) { try upgraded("Dropout", [("is_test", 0)]) }
  }

  @Test func slopesOfChannelsAreRefused() throws {
    #expect(try upgraded("PRelu", [], b: "c").inputs == ["a", "c"])
    #expect(throws: InterchangeError.self) { try upgraded("PRelu", []) }
  }

  @Test func operatorsThatChangedOtherwiseAreRefused() throws {
    #expect(throws: InterchangeError.self) { try upgraded("LSTM", []) }
    #expect(try upgraded("Concat", [("axis", 1)]).attributes.count == 1)
  }
}
