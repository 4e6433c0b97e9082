/// Values set in relation to those of their slice.
enum NormalizationOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("BatchNormalization", BatchNormalization.self, inputs: 5...5, outputs: 1...5),
    OperatorEntry("GroupNormalization", GroupNormalization.self, since: 18, inputs: 3...3),
    OperatorEntry("Hardmax", Hardmax.self, inputs: 1...1),
    OperatorEntry("InstanceNormalization", InstanceNormalization.self, inputs: 3...3),
    OperatorEntry("LRN", LRN.self, inputs: 1...1),
    OperatorEntry("LayerNormalization", LayerNormalization.self, since: 17, inputs: 2...3, outputs: 1...3),
    OperatorEntry("LogSoftmax", LogSoftmax.self, inputs: 1...1),
    OperatorEntry("LpNormalization", LpNormalization.self, inputs: 1...1),
    OperatorEntry(
      "MeanVarianceNormalization", MeanVarianceNormalization.self, since: 9, inputs: 1...1),
    OperatorEntry(
      "NegativeLogLikelihoodLoss", NegativeLogLikelihoodLoss.self, since: 12, inputs: 2...3),
    OperatorEntry("RMSNormalization", RMSNormalization.self, since: 23, inputs: 2...2),
    OperatorEntry("Softmax", Softmax.self, inputs: 1...1),
    OperatorEntry(
      "SoftmaxCrossEntropyLoss", SoftmaxCrossEntropyLoss.self, since: 12, inputs: 2...3, outputs: 1...2),
  ]
}
