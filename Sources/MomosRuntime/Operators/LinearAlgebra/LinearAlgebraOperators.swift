/// Products of matrices and convolutions.
enum LinearAlgebraOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Gemm", Gemm.self, inputs: 2...3),
    OperatorEntry("MatMul", MatMul.self, inputs: 2...2),
  ]
}
