/// Elements picked, placed or ordered by indices and masks.
enum IndexingOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Gather", Gather.self, inputs: 2...2),
    OperatorEntry("GatherElements", GatherElements.self, since: 11, inputs: 2...2),
    OperatorEntry("GatherND", GatherND.self, since: 11, inputs: 2...2),
    OperatorEntry("Scatter", ScatterElements.self, since: 9, inputs: 3...3),
    OperatorEntry("ScatterElements", ScatterElements.self, since: 11, inputs: 3...3),
    OperatorEntry("ScatterND", ScatterND.self, since: 11, inputs: 3...3),
  ]
}
