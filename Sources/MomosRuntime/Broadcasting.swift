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

/// Walks several operands in step, each as if it had the common shape, run by run in row-major order.
///
/// Axes along which every operand advances evenly are joined, so that operands of equal shape are one run.
struct BroadcastWalk {
  /// Elements per run.
  let runLength: Int
  /// For every operand, its distance between two elements of a run: 0 or 1.
  let steps: [Int]
  /// Where the current run starts in the common shape.
  private(set) var start = 0
  /// Where the current run starts in every operand.
  private(set) var operandStarts: [Int]

  private let runDimensions: [Int]
  /// For every operand, its distance along each of `runDimensions`.
  private let runStrides: [[Int]]
  private var counters: [Int]
  private var isStarted = false

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
    operandStarts = operands.map { _ in 0 }
    counters = axes.map { _ in 0 }
  }

  /// The elements of an operand in the current run: one where the run repeats it.
  func elements(of operand: Int) -> Range<Int> {
    let start = operandStarts[operand]
    return start..<(start + (steps[operand] == 0 ? 1 : runLength))
  }

  /// Goes on to the next run, at first to the first one; false if there is none.
  mutating func next() -> Bool {
    guard isStarted else {
      isStarted = true
      return runLength > 0 && !runDimensions.contains(0)
    }
    start += runLength
    for axis in counters.indices.reversed() {
      counters[axis] += 1
      let isDone = counters[axis] == runDimensions[axis]
      for operand in operandStarts.indices {
        let stride = runStrides[operand][axis]
        operandStarts[operand] += isDone ? -(counters[axis] - 1) * stride : stride
      }
      if !isDone { return true }
      counters[axis] = 0
    }
    return false
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
