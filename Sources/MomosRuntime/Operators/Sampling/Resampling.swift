import MomosModel

/// A tensor resized along some of its axes, one axis after the other.
struct Resampling: Sendable {
  let attributes: ResizeAttributes
  /// One for each axis of the tensor.
  let axes: [ResizedAxis]

  /// Copies what lies nearest. For elements of any type.
  func nearest(_ call: OperatorCall, _ tensor: Tensor) throws(RuntimeError) -> Tensor {
    try resampled(call, tensor) { (source, slices, axis, memory) in
      let places = (0..<axis.output).map { axis.nearest(to: $0, attributes) * slices.inner }
      let starts = (0..<slices.outer).map { $0 * axis.input * slices.inner }
      memory.gather(source, Runs(starts: starts, offsets: places, length: slices.inner))
    }
  }

  /// Sums neighbours by their weights, in the type of the tensor.
  func interpolated(_ call: OperatorCall, _ tensor: Tensor) throws(RuntimeError) -> Tensor {
    try resampled(call, tensor) { (source, slices, axis, memory) in
      var (positions, weights): ([Int], [Double]) = ([], [])
      for position in 0..<axis.output {
        let taps = axis.taps(of: position, attributes)
        positions += taps.positions
        weights += taps.weights
      }
      let taps = AxisTaps(count: positions.count / axis.output, positions: positions, weights: weights)
      if source.elementType == .float64 {
        taps.sum(source, slices, axis, to: &memory, Double.self)
      } else {
        taps.sum(source, slices, axis, to: &memory, Float.self)
      }
    }
  }

  /// Sets every element to the extrapolation value whose coordinate lies outside the input.
  /// - Parameter value: in one element of the tensor's type.
  func extrapolated(_ call: OperatorCall, _ tensor: Tensor, _ value: Tensor) throws(RuntimeError) -> Tensor {
    let isOutside = axes.map { axis in
      (0..<axis.output).map { position in
        let x = axis.coordinate(of: position, attributes.coordinates)
        return !axis.isIdentity && (x < 0 || x > Double(axis.input - 1))
      }
    }
    guard isOutside.contains(where: { $0.contains(true) }) else { return tensor }
    var outside: [Int] = []
    for index in 0..<tensor.elementCount {
      var rest = index
      var isElementOutside = false
      for axis in axes.indices.reversed() {
        isElementOutside = isElementOutside || isOutside[axis][rest % axes[axis].output]
        rest /= axes[axis].output
      }
      if isElementOutside { outside.append(index) }
    }
    var memory = try call.memory(tensor.type)
    memory.copy(tensor)
    memory.scatter(value, to: Runs(starts: outside, length: 1))
    return memory.tensor()
  }

  /// - Parameter body: fills the tensor with one more axis resized, from the one before.
  private func resampled(
    _ call: OperatorCall, _ tensor: Tensor,
    _ body: (Tensor, (outer: Int, inner: Int), ResizedAxis, inout TensorMemory) -> Void
  ) throws(RuntimeError) -> Tensor {
    var current = tensor
    // Axes that shrink first, so that no tensor on the way is larger than both the input and the output.
    let order = axes.indices.sorted { axes[$0].growth < axes[$1].growth }
    for number in order where !axes[number].isIdentity {
      let axis = axes[number]
      var dimensions = current.shape.dimensions
      let outer = dimensions[..<number].reduce(1, *)
      let inner = dimensions[(number + 1)...].reduce(1, *)
      dimensions[number] = axis.output
      var memory = try call.memory(ValueType(current.elementType, try call.shape(dimensions)))
      if memory.type.shape.elementCount > 0 { body(current, (outer, inner), axis, &memory) }
      current = memory.tensor()
    }
    return current
  }
}

/// What every output position of an axis is made of: `count` input positions and their weights, one output position after
/// the other.
private struct AxisTaps {
  let count: Int
  let positions: [Int]
  let weights: [Double]

  /// Writes weighted sums along an axis, which has `slices.outer` places before and `slices.inner` after it.
  @inline(never)
  func sum<Number: RealNumber>(
    _ source: Tensor, _ slices: (outer: Int, inner: Int), _ axis: ResizedAxis, to memory: inout TensorMemory,
    _ number: Number.Type
  ) {
    let values = source.bytes.span(of: number)
    var target = memory.elements(of: number)
    let weights = weights.map { Number($0) }
    for outer in 0..<slices.outer {
      let input = axis.input * slices.inner
      let plane = values.extracting((outer * input)..<((outer + 1) * input))
      for position in 0..<axis.output {
        let start = (outer * axis.output + position) * slices.inner
        var results = target.part(start..<(start + slices.inner))
        let taps = (position * count)..<((position + 1) * count)
        if slices.inner == 1 {
          var sum: Number = 0
          for tap in taps where weights[tap] != 0 { sum += weights[tap] * plane[positions[tap]] }
          results[0] = sum
          continue
        }
        results.update(repeating: 0)
        for tap in taps where weights[tap] != 0 {
          let first = positions[tap] * slices.inner
          let neighbours = plane.extracting(first..<(first + slices.inner))
          let weight = weights[tap]
          for index in neighbours.indices { results[index] += weight * neighbours[index] }
        }
      }
    }
  }
}
