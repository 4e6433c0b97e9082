/// Axes reduced to one value or position, and values gathered up along an axis.
enum ReductionOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("ArgMax", PositionOfExtremum<LargestFirst>.self, inputs: 1...1),
    OperatorEntry("ArgMin", PositionOfExtremum<SmallestFirst>.self, inputs: 1...1),
    OperatorEntry("CumProd", Cumulation<ProductReduction>.self, since: 26, inputs: 2...2),
    OperatorEntry("CumSum", Cumulation<SumReduction>.self, since: 11, inputs: 2...2),
    OperatorEntry("Det", Determinant.self, since: 11, inputs: 1...1),
    OperatorEntry("ReduceL1", Reduce<AbsoluteSumReduction>.self, inputs: 1...2),
    OperatorEntry("ReduceL2", Reduce<EuclideanReduction>.self, inputs: 1...2),
    OperatorEntry("ReduceLogSum", Reduce<LogarithmOfSumReduction>.self, inputs: 1...2),
    OperatorEntry("ReduceLogSumExp", ReduceLogSumExp.self, inputs: 1...2),
    OperatorEntry("ReduceMax", Reduce<MaximumReduction>.self, inputs: 1...2),
    OperatorEntry("ReduceMean", Reduce<MeanReduction>.self, inputs: 1...2),
    OperatorEntry("ReduceMin", Reduce<MinimumReduction>.self, inputs: 1...2),
    OperatorEntry("ReduceProd", Reduce<ProductReduction>.self, inputs: 1...2),
    OperatorEntry("ReduceSum", Reduce<SumReduction>.self, inputs: 1...2),
    OperatorEntry("ReduceSumSquare", Reduce<SquareSumReduction>.self, inputs: 1...2),
    OperatorEntry("TopK", TopK.self, inputs: 1...2, outputs: 1...2),
  ]
}
