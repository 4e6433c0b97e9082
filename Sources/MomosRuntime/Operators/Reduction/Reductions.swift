// The reductions that add up in one pass; `ReductionFunction` says what each of them does.

struct ReduceL1: Reduce {
  static let function = ReductionFunction.absoluteSum
  let axes: ReducedAxes
}

struct ReduceL2: Reduce {
  static let function = ReductionFunction.euclidean
  let axes: ReducedAxes
}

struct ReduceLogSum: Reduce {
  static let function = ReductionFunction.logarithmOfSum
  let axes: ReducedAxes
}

struct ReduceMax: Reduce {
  static let function = ReductionFunction.maximum
  let axes: ReducedAxes
}

struct ReduceMean: Reduce {
  static let function = ReductionFunction.mean
  let axes: ReducedAxes
}

struct ReduceMin: Reduce {
  static let function = ReductionFunction.minimum
  let axes: ReducedAxes
}

struct ReduceProd: Reduce {
  static let function = ReductionFunction.product
  let axes: ReducedAxes
}

struct ReduceSum: Reduce {
  static let function = ReductionFunction.sum
  let axes: ReducedAxes
}

struct ReduceSumSquare: Reduce {
  static let function = ReductionFunction.squareSum
  let axes: ReducedAxes
}
