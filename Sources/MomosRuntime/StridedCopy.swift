import MomosModel

/// Copies elements from one arrangement in memory to another of equal dimensions.
///
/// Neighbouring axes that are evenly spaced in both are joined. Where the last axis lies apart in the source and
/// another one lies together, both are walked in squares, so that cache lines are used whole.
struct StridedCopy {
  private struct Axis {
    var size: Int
    /// Distances between neighbours; the source's may be zero or negative.
    var source: Int
    var target: Int
  }

  private static let squareLength = 16

  private let outer: [Axis]
  /// The two axes walked innermost; the second one is the run.
  private let rows: Axis
  private let run: Axis
  private let sourceStart: Int
  private let targetStart: Int
  private let isEmpty: Bool

  /// - Parameters:
  ///   - source: distances between neighbours along each axis in the source, `from` the place of the first element.
  ///   - target: the same for the target.
  init(_ dimensions: [Int], source: [Int], from sourceStart: Int = 0, target: [Int], at targetStart: Int = 0)
  {
    var axes: [Axis] = []
    for axis in dimensions.indices where dimensions[axis] != 1 {
      let new = Axis(size: dimensions[axis], source: source[axis], target: target[axis])
      if let last = axes.last, last.source == new.source * new.size, last.target == new.target * new.size {
        axes[axes.count - 1] = Axis(size: last.size * new.size, source: new.source, target: new.target)
      } else {
        axes.append(new)
      }
    }
    let none = Axis(size: 1, source: 0, target: 0)
    run = axes.popLast() ?? none
    if run.source != 1, run.source != 0, let together = axes.firstIndex(where: { $0.source == 1 }) {
      rows = axes.remove(at: together)
    } else {
      rows = axes.popLast() ?? none
    }
    outer = axes
    self.sourceStart = sourceStart
    self.targetStart = targetStart
    isEmpty = dimensions.contains(0)
  }

  /// Every element that the arrangements name must lie in its span.
  @inline(__always)
  func callAsFunction<Element: BitwiseCopyable>(
    _ source: Span<Element>, to target: inout MutableSpan<Element>
  ) {
    guard !isEmpty else { return }
    var counters = [Int](repeating: 0, count: outer.count)
    var (from, to) = (sourceStart, targetStart)
    while true {
      copyPlane(source, from, &target, to)
      var axis = outer.count - 1
      while axis >= 0 {
        counters[axis] += 1
        from += outer[axis].source
        to += outer[axis].target
        if counters[axis] < outer[axis].size { break }
        from -= outer[axis].size * outer[axis].source
        to -= outer[axis].size * outer[axis].target
        counters[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  private func copyPlane<Element: BitwiseCopyable>(
    _ source: Span<Element>, _ from: Int, _ target: inout MutableSpan<Element>, _ to: Int
  ) {
    if rows.source == 1 && run.source != 1 && run.source != 0 {
      return copySquares(source, from, &target, to)
    }
    for row in 0..<rows.size {
      copyRun(source, from + row * rows.source, &target, to + row * rows.target)
    }
  }

  private func copyRun<Element: BitwiseCopyable>(
    _ source: Span<Element>, _ from: Int, _ target: inout MutableSpan<Element>, _ to: Int
  ) {
    if run.target == 1 && run.source == 1 {
      let values = source.extracting(from..<(from + run.size))
      var place = target.part(to..<(to + run.size))
      for index in values.indices { place[index] = values[index] }
    } else if run.target == 1 && run.source == 0 {
      var place = target.part(to..<(to + run.size))
      place.update(repeating: source[from])
    } else {
      for index in 0..<run.size { target[to + index * run.target] = source[from + index * run.source] }
    }
  }

  private func copySquares<Element: BitwiseCopyable>(
    _ source: Span<Element>, _ from: Int, _ target: inout MutableSpan<Element>, _ to: Int
  ) {
    for firstRow in stride(from: 0, to: rows.size, by: Self.squareLength) {
      let rowRange = firstRow..<min(firstRow + Self.squareLength, rows.size)
      for first in stride(from: 0, to: run.size, by: Self.squareLength) {
        let range = first..<min(first + Self.squareLength, run.size)
        for row in rowRange {
          let start = to + row * rows.target + first * run.target
          let place = from + row + first * run.source
          if run.target == 1 {
            var target = target.part(start..<(start + range.count))
            for index in target.indices { target[index] = source[place + index * run.source] }
          } else {
            for index in 0..<range.count {
              target[start + index * run.target] = source[place + index * run.source]
            }
          }
        }
      }
    }
  }
}

extension Shape {
  /// Distances between neighbours along each axis, row-major.
  var strides: [Int] {
    var strides = dimensions
    var stride = 1
    for axis in dimensions.indices.reversed() {
      strides[axis] = stride
      stride *= dimensions[axis]
    }
    return strides
  }
}

extension OperatorCall {
  /// A tensor of the given type, of which every element is copied from one of `source`.
  func arranged(_ source: Tensor, as type: ValueType, _ copy: StridedCopy) throws(RuntimeError) -> Tensor {
    try type.elementType.visitPattern(Arrangement(call: self, source: source, type: type, copy: copy))
  }

  /// What the operator could ask for when its output types were inferred, all elements known.
  var inputTypes: InputTypes {
    InputTypes(label: label, types: inputs.map { $0?.type }, values: inputs)
  }
}

private struct Arrangement: PatternVisitor {
  let call: OperatorCall
  let source: Tensor
  let type: ValueType
  let copy: StridedCopy

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    let values = source.bytes.span(of: pattern)
    return try call.tensor(type, of: pattern, zeroed: false) { (target) throws(RuntimeError) in
      copy(values, to: &target)
    }
  }
}
