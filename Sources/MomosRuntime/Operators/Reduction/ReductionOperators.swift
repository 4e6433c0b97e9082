/// Axes reduced to one value or position.
enum ReductionOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("ArgMax", ArgMax.self, inputs: 1...1)
  ]
}
