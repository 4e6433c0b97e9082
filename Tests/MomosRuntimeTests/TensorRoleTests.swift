import MomosModel
import MomosRuntime
import Testing

struct TensorRoleTests {
  private static let alongFirst = MatrixView(permutation: [1, 0], rowAxes: 1)
  private static let alongLast = MatrixView(permutation: [0, 1], rowAxes: 1)

  private func roles(
    _ nodes: [Node], outputs: [String] = ["y"], ranks: [String: Int] = ["w": 2],
    aliases: [String: String] = [:]
  ) -> [String: TensorRole] {
    TensorRole.roles(in: TestModel.make(nodes, outputs: outputs).graphs[0]) { name in
      let target = aliases[name, default: name]
      return ranks[target].map { TensorCatalogEntry(name: target, rank: $0) }
    }
  }

  @Test(arguments: [
    (TestModel.node("MatMul", ["x", "w"]), alongFirst),
    (TestModel.node("Gemm", ["x", "w"]), alongFirst),
    (TestModel.node("Gemm", ["x", "w"], ["y"], ["transB": .int(0)]), alongFirst),
    (TestModel.node("Gemm", ["x", "w"], ["y"], ["transB": .int(1)]), alongLast),
  ])
  func rightOperandOfAProductIsLinear(_ node: Node, _ view: MatrixView) {
    #expect(roles([node]) == ["w": .linear(view)])
  }

  @Test(arguments: [
    (TestModel.node("MatMul", ["w", "x"]), "is input 0 of MatMul node \"matmul\""),
    (TestModel.node("Gemm", ["x", "x", "w"]), "is input 2 of Gemm node \"gemm\""),
    (TestModel.node("Add", ["x", "w"]), "is input 1 of Add node \"add\""),
    (TestModel.node("Unknown", ["w"]), "is input 0 of Unknown node \"unknown\""),
  ])
  func otherOperandsAreDense(_ node: Node, _ reason: String) {
    #expect(roles([node]) == ["w": .dense(reason: reason)])
  }

  @Test(arguments: [1, 3])
  func operandOfAnotherRankIsDense(_ rank: Int) {
    let found = roles([TestModel.node("MatMul", ["x", "w"])], ranks: ["w": rank])
    #expect(found == ["w": .dense(reason: "is input 1 of MatMul node \"matmul\"")])
  }

  @Test func anyDenseUseMakesATensorDense() {
    let nodes = [TestModel.node("MatMul", ["x", "w"], ["a"]), TestModel.node("Add", ["a", "w"])]
    #expect(roles(nodes) == ["w": .dense(reason: "is input 1 of Add node \"add\"")])
  }

  @Test func graphOutputIsDense() {
    let found = roles([TestModel.node("MatMul", ["x", "w"])], outputs: ["y", "w"])
    #expect(found == ["w": .dense(reason: "is the graph output \"w\"")])
  }

  @Test func usesInOneViewThroughAliasesAreLinear() {
    let nodes = [TestModel.node("MatMul", ["x", "tied"], ["a"]), TestModel.node("Gemm", ["a", "w"])]
    #expect(roles(nodes, aliases: ["tied": "w"]) == ["w": .linear(Self.alongFirst)])
  }

  @Test func usesInTwoViewsAreDense() {
    let nodes = [
      TestModel.node("MatMul", ["x", "tied"], ["a"]),
      TestModel.node("Gemm", ["a", "w"], ["y"], ["transB": .int(1)]),
    ]
    let reason =
      "is used along one axis as input 1 of MatMul node \"matmul\", along another as input 1 of Gemm node \"gemm\""
    #expect(roles(nodes, aliases: ["tied": "w"]) == ["w": .dense(reason: reason)])
  }

  @Test func tensorsThatNoOutputNeedsHaveNoRole() {
    let nodes = [TestModel.node("Relu"), TestModel.node("Add", ["x", "w"], ["z"])]
    #expect(roles(nodes, ranks: ["w": 2, "unused": 2]) == [:])
  }

  @Test func graphWithACycleHasRoles() {
    let nodes = [TestModel.node("MatMul", ["y", "w"])]
    #expect(roles(nodes) == ["w": .linear(Self.alongFirst)])
  }
}
