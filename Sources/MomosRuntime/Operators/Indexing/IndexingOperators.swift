/// Elements picked, placed or ordered by indices and masks.
enum IndexingOperators {
  static let table: [OperatorEntry] = []
}
