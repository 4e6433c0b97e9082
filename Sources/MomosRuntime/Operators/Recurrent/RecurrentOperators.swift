/// Networks that carry a state along a sequence.
enum RecurrentOperators {
  static let table: [OperatorEntry] = []
}
