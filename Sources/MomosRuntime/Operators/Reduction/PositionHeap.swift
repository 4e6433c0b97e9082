/// Which of two positions of a slice comes first.
struct SliceOrder<Number: Comparable & BitwiseCopyable>: ~Escapable {
  private let values: Span<Number>
  private let start: Int
  private let stride: Int
  private let takesLargest: Bool

  @_lifetime(copy values)
  init(values: Span<Number>, start: Int, stride: Int, takesLargest: Bool) {
    self.values = values
    self.start = start
    self.stride = stride
    self.takesLargest = takesLargest
  }

  func precedes(_ left: Int64, _ right: Int64) -> Bool {
    let (leftValue, rightValue) = (values[start + Int(left) * stride], values[start + Int(right) * stride])
    if takesLargest ? leftValue > rightValue : leftValue < rightValue { return true }
    if leftValue == rightValue { return left < right }
    // Only a NaN differs from itself; it counts as larger than every number.
    let (isLeftNaN, isRightNaN) = (leftValue != leftValue, rightValue != rightValue)
    if isLeftNaN && isRightNaN { return left < right }
    return takesLargest ? isLeftNaN : isRightNaN
  }
}

/// The positions that come first among those offered, as a heap with the last of them on top.
///
/// The positions lie at `start`, `start + stride`, ... of the span that every function is given.
struct PositionHeap {
  private let start: Int
  private let stride: Int
  private(set) var count = 0

  init(start: Int, stride: Int) {
    self.start = start
    self.stride = stride
  }

  /// Takes a position if there are fewer than `limit`, or in place of one that comes after it.
  mutating func offer<Number>(
    _ position: Int, _ order: borrowing SliceOrder<Number>, limit: Int, _ places: inout MutableSpan<Int64>
  ) {
    let position = Int64(position)
    if count < limit {
      count += 1
      rise(position, order, &places)
    } else if order.precedes(position, places[start]) {
      sink(position, order, &places)
    }
  }

  /// Puts the positions in their order.
  mutating func sort<Number>(
    _ order: borrowing SliceOrder<Number>, _ places: inout MutableSpan<Int64>
  ) {
    while count > 1 {
      count -= 1
      let last = places[start + count * stride]
      places[start + count * stride] = places[start]
      sink(last, order, &places)
    }
  }

  /// Places a position from the last place upwards.
  private func rise<Number>(
    _ position: Int64, _ order: borrowing SliceOrder<Number>, _ places: inout MutableSpan<Int64>
  ) {
    var place = count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      guard order.precedes(places[start + parent * stride], position) else { break }
      places[start + place * stride] = places[start + parent * stride]
      place = parent
    }
    places[start + place * stride] = position
  }

  /// Places a position from the top downwards.
  private func sink<Number>(
    _ position: Int64, _ order: borrowing SliceOrder<Number>, _ places: inout MutableSpan<Int64>
  ) {
    var place = 0
    while 2 * place + 1 < count {
      var child = 2 * place + 1
      if child + 1 < count,
        order.precedes(places[start + child * stride], places[start + (child + 1) * stride])
      {
        child += 1
      }
      guard order.precedes(position, places[start + child * stride]) else { break }
      places[start + place * stride] = places[start + child * stride]
      place = child
    }
    places[start + place * stride] = position
  }
}
