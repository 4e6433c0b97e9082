/// Windows that slide over spatial axes and are summed up in one number.
enum PoolingOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("AveragePool", AveragePool.self, inputs: 1...1),
    OperatorEntry("GlobalAveragePool", GlobalAveragePool.self, inputs: 1...1),
    OperatorEntry("GlobalLpPool", GlobalLpPool.self, inputs: 1...1),
    OperatorEntry("GlobalMaxPool", GlobalMaxPool.self, inputs: 1...1),
    OperatorEntry("LpPool", LpPool.self, inputs: 1...1),
    OperatorEntry("MaxPool", MaxPool.self, inputs: 1...1, outputs: 1...2),
    OperatorEntry("MaxRoiPool", MaxRoiPool.self, inputs: 2...2),
    OperatorEntry("MaxUnpool", MaxUnpool.self, since: 9, inputs: 2...3),
    OperatorEntry("RoiAlign", RoiAlign.self, since: 10, inputs: 3...3),
  ]
}
