/// Products of matrices and convolutions.
enum LinearAlgebraOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Attention", Attention.self, since: 23, inputs: 3...7, outputs: 1...4),
    OperatorEntry("Einsum", Einsum.self, since: 12, inputs: 1...Int.max),
    OperatorEntry("Gemm", Gemm.self, inputs: 2...3),
    OperatorEntry("MatMul", MatMul.self, inputs: 2...2),
    OperatorEntry("RotaryEmbedding", RotaryEmbedding.self, since: 23, inputs: 3...4),
  ]
}
