import MomosModel

/// A tensor resized along some of its axes, one axis after the other.
struct Resampling: Sendable {
  let attributes: ResizeAttributes
  /// One for each axis of the tensor.
  let axes: [ResizedAxis]

  /// Copies what lies nearest. For elements of any type.
  func nearest<Element: BitwiseCopyable>(
    _ call: OperatorCall, _ tensor: Tensor, _ element: Element.Type
  ) throws(RuntimeError) -> Tensor {
    try resampled(call, tensor, element) { (values, slices, axis, target) in
      for outer in 0..<slices.outer {
        for position in 0..<axis.output {
          let source = (outer * axis.input + axis.nearest(to: position, attributes)) * slices.inner
          let from = values.extracting(source..<(source + slices.inner))
          let start = (outer * axis.output + position) * slices.inner
          var to = target.part(start..<(start + slices.inner))
          for index in from.indices { to[index] = from[index] }
        }
      }
    }
  }

  /// Sums neighbours by their weights.
  func interpolated<Number: RealNumber>(
    _ call: OperatorCall, _ tensor: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try resampled(call, tensor, number) { (values, slices, axis, target) in
      for position in 0..<axis.output {
        let taps = axis.taps(of: position, attributes)
        for outer in 0..<slices.outer {
          let start = (outer * axis.output + position) * slices.inner
          var to = target.part(start..<(start + slices.inner))
          to.update(repeating: 0)
          for (tap, weight) in zip(taps.positions, taps.weights) where weight != 0 {
            let source = (outer * axis.input + tap) * slices.inner
            let from = values.extracting(source..<(source + slices.inner))
            let weight = Number(weight)
            for index in from.indices { to[index] += weight * from[index] }
          }
        }
      }
    }
  }

  /// Sets every element to the extrapolation value whose coordinate lies outside the input.
  func extrapolated<Number: RealNumber>(
    _ call: OperatorCall, _ tensor: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let isOutside = axes.map { axis in
      (0..<axis.output).map { position in
        let x = axis.coordinate(of: position, attributes.coordinates)
        return !axis.isIdentity && (x < 0 || x > Double(axis.input - 1))
      }
    }
    guard isOutside.contains(where: { $0.contains(true) }) else { return tensor }
    let values = tensor.bytes.span(of: number)
    return try call.tensor(tensor.type, of: number) { (target) throws(RuntimeError) in
      for index in values.indices {
        var rest = index
        var isElementOutside = false
        for axis in axes.indices.reversed() {
          isElementOutside = isElementOutside || isOutside[axis][rest % axes[axis].output]
          rest /= axes[axis].output
        }
        target[index] = isElementOutside ? Number(attributes.extrapolation) : values[index]
      }
    }
  }

  /// - Parameter body: fills the tensor with one more axis resized, from the one before.
  private func resampled<Element: BitwiseCopyable>(
    _ call: OperatorCall, _ tensor: Tensor, _ element: Element.Type,
    _ body: (
      Span<Element>, (outer: Int, inner: Int), ResizedAxis, inout MutableSpan<Element>
    ) throws(RuntimeError) -> Void
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
      let type = ValueType(current.elementType, try call.shape(dimensions))
      let source = current
      let values = source.bytes.span(of: element)
      current = try call.tensor(type, of: element) { (target) throws(RuntimeError) in
        guard type.shape.elementCount > 0 else { return }
        try body(values, (outer, inner), axis, &target)
      }
    }
    return current
  }
}
