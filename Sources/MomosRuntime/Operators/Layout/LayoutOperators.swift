/// The same elements in other shapes and orders.
enum LayoutOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Concat", Concat.self, inputs: 1...Int.max),
    OperatorEntry("Flatten", Flatten.self, inputs: 1...1),
    OperatorEntry("Identity", Identity.self, inputs: 1...1),
    OperatorEntry("Reshape", Reshape.self, inputs: 2...2),
    OperatorEntry("Transpose", Transpose.self, inputs: 1...1),
  ]
}
