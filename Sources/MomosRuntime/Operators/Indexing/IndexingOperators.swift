/// Elements picked, placed or ordered by indices and masks.
enum IndexingOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Compress", Compress.self, since: 9, inputs: 2...2),
    OperatorEntry("Gather", Gather.self, inputs: 2...2),
    OperatorEntry("GatherElements", GatherElements.self, since: 11, inputs: 2...2),
    OperatorEntry("GatherND", GatherND.self, since: 11, inputs: 2...2),
    OperatorEntry("NonMaxSuppression", NonMaxSuppression.self, since: 10, inputs: 2...5),
    OperatorEntry("NonZero", NonZero.self, since: 9, inputs: 1...1),
    OperatorEntry("OneHot", OneHot.self, since: 9, inputs: 3...3),
    OperatorEntry("Scatter", ScatterElements.self, since: 9, inputs: 3...3),
    OperatorEntry("ScatterElements", ScatterElements.self, since: 11, inputs: 3...3),
    OperatorEntry("ScatterND", ScatterND.self, since: 11, inputs: 3...3),
    OperatorEntry("TensorScatter", TensorScatter.self, since: 24, inputs: 2...3),
    OperatorEntry("Unique", Unique.self, since: 11, inputs: 1...1, outputs: 1...4),
  ]
}
