/// Arithmetic, comparisons, logic and conversions, element by element.
enum ElementwiseOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Add", Add.self, inputs: 2...2),
    OperatorEntry("Div", Div.self, inputs: 2...2),
    OperatorEntry("Mul", Mul.self, inputs: 2...2),
    OperatorEntry("Sub", Sub.self, inputs: 2...2),
  ]
}
