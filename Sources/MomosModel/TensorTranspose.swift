extension Tensor {
  /// The tensor with its axes reordered: axis `a` of the result is axis `permutation[a]` of this one.
  ///
  /// - Parameter permutation: a permutation of `0..<rank`.
  /// - Complexity: O(elements); the identity returns the tensor itself.
  public func transposed(_ permutation: [Int]) throws(ModelError) -> Tensor {
    precondition(permutation.sorted() == Array(0..<shape.rank))
    let newShape = try Shape(permutation.map { shape[$0] })
    if permutation == Array(0..<shape.rank) { return self }
    let strides = permutation.map { axis in shape.dimensions[(axis + 1)...].reduce(1, *) }
    let walk = StridedWalk(dimensions: newShape.dimensions, strides: strides)
    let newBytes: Bytes
    switch elementType.byteCount {
    case 1: newBytes = try gathered(UInt8.self, walk)
    case 2: newBytes = try gathered(UInt16.self, walk)
    case 4: newBytes = try gathered(UInt32.self, walk)
    default: newBytes = try gathered(UInt64.self, walk)
    }
    return Tensor(elementType: elementType, shape: newShape, bytes: newBytes)
  }

  private func gathered<Element: BitwiseCopyable>(
    _ type: Element.Type, _ walk: StridedWalk
  ) throws(ModelError) -> Bytes {
    var buffer = try MutableBytes(byteCount: bytes.count)
    let source = bytes.span(of: type)
    var target = buffer.mutableSpan(of: type)
    walk.visit { position, sourcePosition in target[position] = source[sourcePosition] }
    return buffer.freeze()
  }
}

/// Visits the elements of a strided view in row-major order of its dimensions.
private struct StridedWalk {
  let dimensions: [Int]
  let strides: [Int]

  func visit(_ body: (_ position: Int, _ sourcePosition: Int) -> Void) {
    guard !dimensions.contains(0) else { return }
    guard let inner = dimensions.last, let innerStride = strides.last else { return body(0, 0) }
    var counters = [Int](repeating: 0, count: dimensions.count - 1)
    var position = 0
    var start = 0
    while true {
      for step in 0..<inner { body(position + step, start + step * innerStride) }
      position += inner
      var axis = counters.count - 1
      while axis >= 0 {
        counters[axis] += 1
        start += strides[axis]
        if counters[axis] < dimensions[axis] { break }
        start -= dimensions[axis] * strides[axis]
        counters[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
