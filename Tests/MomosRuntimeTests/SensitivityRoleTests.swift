import MomosModel
import MomosRuntime
import Testing

struct SensitivityRoleTests {
  /// Tensors whose names begin with "w" are matrices.
  private func roles(_ nodes: [Node], outputs: [String] = ["y"]) -> [String: SensitivityRole] {
    SensitivityRole.roles(in: TestModel.make(nodes, outputs: outputs).graphs[0]) { name in
      name.hasPrefix("w") ? TensorCatalogEntry(name: name, rank: 2) : nil
    }
  }

  private let node = TestModel.node

  @Test func theValuesOfAnAttentionAreFoundThroughBiasAndHeads() {
    let nodes = [
      node("MatMul", ["x", "wq"], ["q"], [:]),
      node("MatMul", ["x", "wk"], ["k"], [:]),
      node("MatMul", ["x", "wv"], ["v"], [:]),
      node("Add", ["bias", "v"], ["v1"], [:]),
      node("Reshape", ["v1", "heads"], ["v2"], [:]),
      node("Transpose", ["v2"], ["v3"], ["perm": .ints([0, 2, 1, 3])]),
      node("Transpose", ["k"], ["k1"], ["perm": .ints([0, 2, 3, 1])]),
      node("MatMul", ["q", "k1"], ["scores"], [:]),
      node("Softmax", ["scores"], ["shares"], [:]),
      node("Dropout", ["shares"], ["kept"], [:]),
      node("MatMul", ["kept", "v3"], ["mixed"], [:]),
      node("MatMul", ["mixed", "wo"], ["y"], [:]),
    ]
    #expect(roles(nodes) == ["wq": .other, "wk": .other, "wv": .value, "wo": .other])
  }

  @Test func theThirdInputOfAnAttentionOperatorIsItsValues() {
    let nodes = [
      node("MatMul", ["x", "wq"], ["q"], [:]), node("MatMul", ["x", "wk"], ["k"], [:]),
      node("MatMul", ["x", "wv"], ["v"], [:]), node("Attention", ["q", "k", "v"], ["y"], [:]),
    ]
    #expect(roles(nodes) == ["wq": .other, "wk": .other, "wv": .value])
  }

  @Test(arguments: ["Relu", "Gelu", "Tanh", "Swish"])
  func anActivationAfterALinearAndBeforeAnother(activation: String) {
    let nodes = [
      node("Gemm", ["x", "w1", "b1"], ["a"], [:]), node(activation, ["a"], ["b"], [:]),
      node("Gemm", ["b", "w2", "b2"], ["y"], [:]),
    ]
    #expect(roles(nodes) == ["w1": .firstFeedForward, "w2": .other])
  }

  // Gelu(x) = x / 2 (1 + erf(x / sqrt 2)), as exporters write it.
  @Test func anActivationWrittenOutAsPrimitives() {
    let nodes = [
      node("MatMul", ["x", "w1"], ["a"], [:]), node("Add", ["b1", "a"], ["b"], [:]),
      node("Div", ["b", "root"], ["c"], [:]), node("Erf", ["c"], ["d"], [:]),
      node("Add", ["d", "one"], ["e"], [:]),
      node("Mul", ["b", "e"], ["f"], [:]), node("Mul", ["f", "half"], ["g"], [:]),
      node("MatMul", ["g", "w2"], ["h"], [:]), node("Add", ["h", "x"], ["y"], [:]),
    ]
    #expect(roles(nodes) == ["w1": .firstFeedForward, "w2": .other])
  }

  @Test func anActivationAtTheEndMakesNoFeedForward() {
    let nodes = [node("Gemm", ["x", "w1"], ["a"], [:]), node("Tanh", ["a"], ["y"], [:])]
    #expect(roles(nodes) == ["w1": .other])
  }

  @Test func tablesAreEmbeddingsUnlessTheyAreMultipliedByToo() {
    let lookup = node("Gather", ["w", "ids"], ["y"], [:])
    #expect(roles([lookup]) == ["w": .embedding])
    let nodes = [
      node("Gather", ["w", "ids"], ["a"], [:]), node("Transpose", ["w"], ["t"], ["perm": .ints([1, 0])]),
      node("MatMul", ["a", "t"], ["y"], [:]),
    ]
    #expect(roles(nodes) == ["w": .other])
  }

  @Test func aCycleHasAnAnswer() {
    let nodes = [
      node("Add", ["x", "c"], ["a"], [:]), node("MatMul", ["a", "w"], ["b"], [:]),
      node("Reshape", ["b", "s"], ["c"], [:]), node("MatMul", ["d", "c"], ["y"], [:]),
      node("Identity", ["e"], ["d"], [:]), node("Identity", ["d"], ["e"], [:]),
    ]
    #expect(roles(nodes) == ["w": .other])
  }

  private func pairs(_ nodes: [Node]) -> [FeedForwardPair] {
    FeedForwardPair.pairs(in: TestModel.make(nodes, outputs: ["y"]).graphs[0]) { name in
      name.hasPrefix("w") ? TensorCatalogEntry(name: name, rank: 2) : nil
    }
  }

  @Test func twoLinearsWithAnActivationBetweenThemArePaired() {
    let gelu = [
      node("MatMul", ["x", "w1"], ["a"], [:]), node("Add", ["b1", "a"], ["b"], [:]),
      node("Erf", ["b"], ["c"], [:]), node("Add", ["c", "one"], ["d"], [:]),
      node("Mul", ["b", "d"], ["e"], [:]), node("MatMul", ["e", "w2"], ["f"], [:]),
      node("Add", ["f", "x"], ["y"], [:]),
    ]
    #expect(pairs(gelu).map { [$0.first, $0.second] } == [["w1", "w2"]])
  }

  @Test(arguments: ["no activation", "another reader", "a gate", "a second use", "a normalization between"])
  func othersAreNot(why: String) {
    var nodes = [
      node("MatMul", ["x", "w1"], ["a"], [:]), node("Relu", ["a"], ["b"], [:]),
      node("MatMul", ["b", "w2"], ["y"], [:]),
    ]
    switch why {
    case "no activation": nodes[1] = node("Identity", ["a"], ["b"], [:])
    case "another reader": nodes.append(node("ReduceSum", ["b"], ["z"], [:]))
    case "a gate":
      nodes[2...] = [
        node("MatMul", ["x", "w3"], ["g"], [:]), node("Mul", ["b", "g"], ["c"], [:]),
        node("MatMul", ["c", "w2"], ["y"], [:]),
      ]
    case "a second use": nodes.append(node("MatMul", ["x", "w2"], ["z"], [:]))
    default: nodes[1] = node("LayerNormalization", ["a"], ["b"], [:])
    }
    #expect(pairs(nodes).isEmpty)
  }
}
