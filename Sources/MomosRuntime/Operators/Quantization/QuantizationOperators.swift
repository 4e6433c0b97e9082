/// Values on a grid of integers.
enum QuantizationOperators {
  static let table: [OperatorEntry] = []
}
