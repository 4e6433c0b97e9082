// The reductions that add up in one pass; `ReductionFunction` says what each of them does.

struct ReduceL1: Reduce {
  typealias Function = AbsoluteSumReduction
  let axes: ReducedAxes
}

struct ReduceL2: Reduce {
  typealias Function = EuclideanReduction
  let axes: ReducedAxes
}

struct ReduceLogSum: Reduce {
  typealias Function = LogarithmOfSumReduction
  let axes: ReducedAxes
}

struct ReduceMax: Reduce {
  typealias Function = MaximumReduction
  let axes: ReducedAxes
}

struct ReduceMean: Reduce {
  typealias Function = MeanReduction
  let axes: ReducedAxes
}

struct ReduceMin: Reduce {
  typealias Function = MinimumReduction
  let axes: ReducedAxes
}

struct ReduceProd: Reduce {
  typealias Function = ProductReduction
  let axes: ReducedAxes
}

struct ReduceSum: Reduce {
  typealias Function = SumReduction
  let axes: ReducedAxes
}

struct ReduceSumSquare: Reduce {
  typealias Function = SquareSumReduction
  let axes: ReducedAxes
}
