extension MutableSpan {
  /// The elements of a range, which must lie within `indices`, to write to.
  ///
  /// A loop over a part is checked once, a loop at an offset of the whole at every element.
  @inline(__always)
  @_lifetime(&self)
  mutating func part(_ range: Range<Int>) -> MutableSpan<Element> {
    _mutatingExtracting(range)
  }
}
