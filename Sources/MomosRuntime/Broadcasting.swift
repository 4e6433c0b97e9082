import MomosModel

/// The rules by which operands of different shapes are combined element by element, as numpy's.
enum Broadcasting {
  /// The common shape of the operands, or nil if there is none.
  static func dimensions(_ shapes: [[Int]]) -> [Int]? {
    let rank = shapes.map(\.count).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (axis, size) in zip((rank - shape.count)..., shape) where size != 1 {
        guard result[axis] == 1 || result[axis] == size else { return nil }
        result[axis] = size
      }
    }
    return result
  }
}

/// Walks several operands in step, each as if it had the common shape.
///
/// Axes along which every operand advances evenly are joined, so that operands of equal shape are one run.
struct BroadcastWalk {
  /// Elements per run.
  let runLength: Int
  /// For every operand, its distance between two elements of a run: 0 or 1.
  let steps: [Int]
  private let runDimensions: [Int]
  /// For every operand, its distance along each of `runDimensions`.
  private let runStrides: [[Int]]

  /// - Parameter dimensions: a shape to which every operand can be broadcast.
  init(operands: [[Int]], to dimensions: [Int]) {
    var axes: [(size: Int, strides: [Int])] = []
    let strides = operands.map { Self.strides(of: $0, rank: dimensions.count) }
    for axis in dimensions.indices where dimensions[axis] != 1 {
      let axisStrides = strides.map { $0[axis] }
      let size = dimensions[axis]
      if let last = axes.last, zip(last.strides, axisStrides).allSatisfy({ $0 == $1 * size }) {
        axes[axes.count - 1] = (last.size * size, axisStrides)
      } else {
        axes.append((size, axisStrides))
      }
    }
    let run = axes.popLast() ?? (1, operands.map { _ in 1 })
    runLength = run.size
    steps = run.strides
    runDimensions = axes.map(\.size)
    runStrides = operands.indices.map { operand in axes.map { $0.strides[operand] } }
  }

  /// Calls `body` for every run, in row-major order of the common shape.
  func forEachRun(_ body: (_ start: Int, _ operandStarts: [Int]) -> Void) {
    guard runLength > 0, !runDimensions.contains(0) else { return }
    var counters = [Int](repeating: 0, count: runDimensions.count)
    var starts = [Int](repeating: 0, count: runStrides.count)
    var start = 0
    while true {
      body(start, starts)
      start += runLength
      var axis = counters.count - 1
      while axis >= 0 {
        counters[axis] += 1
        let isDone = counters[axis] == runDimensions[axis]
        for operand in starts.indices {
          starts[operand] +=
            isDone ? -(counters[axis] - 1) * runStrides[operand][axis] : runStrides[operand][axis]
        }
        if !isDone { break }
        counters[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Distances between neighbours along every axis of the common shape: 0 where the operand is repeated.
  private static func strides(of operand: [Int], rank: Int) -> [Int] {
    var strides = [Int](repeating: 0, count: rank)
    var stride = 1
    for axis in operand.indices.reversed() {
      if operand[axis] != 1 { strides[rank - operand.count + axis] = stride }
      stride *= operand[axis]
    }
    return strides
  }
}
