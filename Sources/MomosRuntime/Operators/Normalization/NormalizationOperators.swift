/// Values set in relation to those of their slice.
enum NormalizationOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("LayerNormalization", LayerNormalization.self, since: 17, inputs: 2...3, outputs: 1...3),
    OperatorEntry("RMSNormalization", RMSNormalization.self, since: 23, inputs: 2...2),
    OperatorEntry("Softmax", Softmax.self, inputs: 1...1),
  ]
}
