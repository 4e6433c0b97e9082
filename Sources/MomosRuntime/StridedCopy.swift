import MomosKernels
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

  /// Every element that the arrangements name must lie in the tensor and the memory, which have elements of one width.
  func callAsFunction(_ source: Tensor, to target: inout TensorMemory) {
    guard !isEmpty else { return }
    let width = target.type.elementType.byteCount
    if run.source == 1 && run.target == 1 && run.size * width >= Runs.leastByteCount {
      let values = source.bytes.span(of: UInt8.self)
      var bytes = target.elements(of: UInt8.self)
      return forEachPlane { from, to in
        for row in 0..<rows.size {
          let start = (from + row * rows.source) * width
          ByteCopy.copy(
            values.extracting(start..<(start + run.size * width)), to: &bytes,
            at: (to + row * rows.target) * width)
        }
      }
    }
    switch width {
    case 1: copy(source, to: &target, UInt8.self)
    case 2: copy(source, to: &target, UInt16.self)
    case 4: copy(source, to: &target, UInt32.self)
    default: copy(source, to: &target, UInt64.self)
    }
  }

  /// Copies single elements.
  @inline(never)
  private func copy<Pattern: BitwiseCopyable>(
    _ source: Tensor, to target: inout TensorMemory, _ pattern: Pattern.Type
  ) {
    let values = source.bytes.span(of: pattern)
    var elements = target.elements(of: pattern)
    let isSquare = rows.source == 1 && run.source != 1 && run.source != 0
    forEachPlane { from, to in
      var part = elements.part(elements.indices)
      if isSquare {
        copySquares(values, from, &part, to)
      } else {
        for row in 0..<rows.size {
          copyRun(values, from + row * rows.source, &part, to + row * rows.target)
        }
      }
    }
  }

  /// Calls `body` with where every plane of the two innermost axes starts in the source and the target.
  @inline(never)
  private func forEachPlane(_ body: (_ from: Int, _ to: Int) -> Void) {
    var counters = [Int](repeating: 0, count: outer.count)
    var (from, to) = (sourceStart, targetStart)
    while true {
      body(from, to)
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

  @inline(__always)
  private func copyRun<Pattern: BitwiseCopyable>(
    _ source: Span<Pattern>, _ from: Int, _ target: inout MutableSpan<Pattern>, _ to: Int
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

  @inline(__always)
  private func copySquares<Pattern: BitwiseCopyable>(
    _ source: Span<Pattern>, _ from: Int, _ target: inout MutableSpan<Pattern>, _ to: Int
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
    var memory = try memory(type)
    copy(source, to: &memory)
    return memory.tensor()
  }

  /// What the operator could ask for when its output types were inferred, all elements known.
  var inputTypes: InputTypes {
    InputTypes(label: label, types: inputs.map { $0?.type }, values: inputs)
  }
}
