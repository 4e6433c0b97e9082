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

  /// Sizes of the joined axes outside a run, from the innermost on.
  private let sizes: [Int]
  /// The distances of every operand along the first of `sizes`, then along the second, and so on.
  private let strides: [Int]
  /// How many runs of the innermost axis follow the current one.
  private var following = 0
  /// Positions along the axes after the innermost one.
  private var counters: [Int]
  private var isStarted = false

  /// - Parameter dimensions: a shape to which every operand can be broadcast.
  @inline(never)
  init(operands: [[Int]], to dimensions: [Int]) {
    let rank = dimensions.count
    var runLength = 1
    var steps = [Int](repeating: 1, count: operands.count)
    var sizes: [Int] = []
    var strides: [Int] = []
    // From the innermost axis outward: what is known of the axis joined last, and the elements inside of this one.
    var isInRun = true
    var (innerSize, innerStrides) = (1, steps)
    var strideHere = steps
    var inside = steps
    for axis in dimensions.indices.reversed() {
      for operand in operands.indices {
        let position = axis - rank + operands[operand].count
        let size = position < 0 ? 1 : operands[operand][position]
        strideHere[operand] = size == 1 ? 0 : inside[operand]
        inside[operand] *= size
      }
      let size = dimensions[axis]
      if size == 1 { continue }
      if isInRun && runLength == 1 {
        (runLength, steps) = (size, strideHere)
      } else if operands.indices.allSatisfy({ strideHere[$0] == innerStrides[$0] * innerSize }) {
        innerSize *= size
        if isInRun { runLength = innerSize } else { sizes[sizes.count - 1] = innerSize }
        continue
      } else {
        isInRun = false
        sizes.append(size)
        strides += strideHere
      }
      (innerSize, innerStrides) = (size, strideHere)
    }
    self.runLength = runLength
    self.steps = steps
    self.sizes = sizes
    self.strides = strides
    operandStarts = [Int](repeating: 0, count: operands.count)
    counters = [Int](repeating: 0, count: sizes.count)
  }

  /// The elements of an operand in the current run: one where the run repeats it.
  func elements(of operand: Int) -> Range<Int> {
    let start = operandStarts[operand]
    return start..<(start + (steps[operand] == 0 ? 1 : runLength))
  }

  /// Goes on to the next run, at first to the first one; false if there is none.
  @inline(never)
  mutating func next() -> Bool {
    if following > 0 {
      following -= 1
      start += runLength
      for operand in operandStarts.indices { operandStarts[operand] += strides[operand] }
      return true
    }
    guard isStarted else {
      isStarted = true
      following = (sizes.first ?? 1) - 1
      return runLength > 0 && !sizes.contains(0)
    }
    return nextBlock()
  }

  /// Goes on to the first run of the innermost axis at the next positions along the others.
  private mutating func nextBlock() -> Bool {
    guard let runs = sizes.first else { return false }
    start += runLength
    let count = operandStarts.count
    for operand in operandStarts.indices { operandStarts[operand] -= (runs - 1) * strides[operand] }
    for axis in sizes.indices.dropFirst() {
      counters[axis] += 1
      let isDone = counters[axis] == sizes[axis]
      for operand in operandStarts.indices {
        let stride = strides[axis * count + operand]
        operandStarts[operand] += isDone ? -(sizes[axis] - 1) * stride : stride
      }
      if !isDone {
        following = runs - 1
        return true
      }
      counters[axis] = 0
    }
    return false
  }
}
