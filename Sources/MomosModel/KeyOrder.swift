extension Dictionary where Key: Comparable {
  /// The entries by ascending key.
  ///
  /// Keys are sorted alone: sorting entries would be compiled anew for every type of value.
  package var inKeyOrder: [(key: Key, value: Value)] {
    keys.sorted().compactMap { key in self[key].map { (key, $0) } }
  }
}
