/// Windows that slide over spatial axes and are summed up in one number.
enum PoolingOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("AveragePool", AveragePool.self, inputs: 1...1),
    OperatorEntry("GlobalAveragePool", GlobalAveragePool.self, inputs: 1...1),
    OperatorEntry("GlobalLpPool", GlobalLpPool.self, inputs: 1...1),
    OperatorEntry("GlobalMaxPool", GlobalMaxPool.self, inputs: 1...1),
    OperatorEntry("LpPool", LpPool.self, inputs: 1...1),
    OperatorEntry("MaxPool", MaxPool.self, inputs: 1...1, outputs: 1...2),
  ]
}
