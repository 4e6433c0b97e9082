import MomosModel

extension OperatorCall {
  /// A tensor of the given type that holds runs of `source` one after the other.
  func gathered(_ source: Tensor, as type: ValueType, _ runs: Runs) throws(RuntimeError) -> Tensor {
    var memory = try memory(type)
    memory.gather(source, runs)
    return memory.tensor()
  }

  /// One element of a tensor.
  func element(_ position: Int, of tensor: Tensor) throws(RuntimeError) -> Tensor {
    let type = ValueType(tensor.elementType, Shape(vector: 1))
    return try withoutOutputMemory.gathered(tensor, as: type, Runs(starts: [position], length: 1))
  }

  /// A tensor without elements; nil if the type has some.
  ///
  /// Its shape may still have axes of any size, which nobody must count through.
  func emptyTensor(_ type: ValueType) throws(RuntimeError) -> Tensor? {
    guard type.shape.elementCount == 0 else { return nil }
    return try memory(type).tensor()
  }

  /// The positions that an input of indices names on an axis; indices below 0 count from its end.
  func indices(_ position: Int, on length: Int) throws(RuntimeError) -> [Int] {
    var indices = self[position].integers() ?? []
    for place in indices.indices {
      let index = indices[place]
      guard index >= -length, index < length else {
        throw .indexOutOfRange(label, index: index, count: length)
      }
      if index < 0 { indices[place] = index + length }
    }
    return indices
  }
}

/// Visits the elements of a strided arrangement in row-major order of its dimensions.
struct StridedPositions {
  let dimensions: [Int]
  let strides: [Int]

  /// The place of every element.
  func places() -> [Int] {
    guard !dimensions.contains(0) else { return [] }
    var places = [0]
    for (size, stride) in zip(dimensions, strides) {
      var next: [Int] = []
      next.reserveCapacity(places.count * size)
      for place in places {
        for index in 0..<size { next.append(place + index * stride) }
      }
      places = next
    }
    return places
  }
}
