/// Windows that slide over the space of an image, and changes of its resolution.
enum PoolingOperators {
  static let table: [OperatorEntry] = []
}
