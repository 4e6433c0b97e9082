import MomosModel

/// Equally long runs of a tensor's elements, one after the other, each somewhere in it.
struct Runs {
  /// Where each run starts.
  let starts: [Int]
  let length: Int
}

extension OperatorCall {
  /// A tensor of the given type that holds runs of `source` one after the other.
  func gathered(_ source: Tensor, as type: ValueType, _ runs: Runs) throws(RuntimeError) -> Tensor {
    try type.elementType.visitPattern(Gathering(call: self, source: source, type: type, runs: runs))
  }

  /// A tensor without elements; nil if the type has some.
  ///
  /// Its shape may still have axes of any size, which nobody must count through.
  func emptyTensor(_ type: ValueType) throws(RuntimeError) -> Tensor? {
    guard type.shape.elementCount == 0 else { return nil }
    return try tensor(type, of: UInt8.self) { _ in }
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

private struct Gathering: PatternVisitor {
  let call: OperatorCall
  let source: Tensor
  let type: ValueType
  let runs: Runs

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    let values = source.bytes.span(of: pattern)
    let length = runs.length
    return try call.tensor(type, of: pattern, zeroed: false) { (target) throws(RuntimeError) in
      if length == 1 {
        for place in runs.starts.indices { target[place] = values[runs.starts[place]] }
        return
      }
      for (number, start) in runs.starts.enumerated() {
        let run = values.extracting(start..<(start + length))
        var place = target.part((number * length)..<((number + 1) * length))
        for index in run.indices { place[index] = run[index] }
      }
    }
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
