/// Axes reduced to one value or position, and values gathered up along an axis.
enum ReductionOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("ArgMax", ArgMax.self, inputs: 1...1),
    OperatorEntry("ArgMin", ArgMin.self, inputs: 1...1),
    OperatorEntry("CumProd", CumProd.self, since: 26, inputs: 2...2),
    OperatorEntry("CumSum", CumSum.self, since: 11, inputs: 2...2),
    OperatorEntry("Det", Determinant.self, since: 11, inputs: 1...1),
    OperatorEntry("ReduceL1", ReduceL1.self, inputs: 1...2),
    OperatorEntry("ReduceL2", ReduceL2.self, inputs: 1...2),
    OperatorEntry("ReduceLogSum", ReduceLogSum.self, inputs: 1...2),
    OperatorEntry("ReduceLogSumExp", ReduceLogSumExp.self, inputs: 1...2),
    OperatorEntry("ReduceMax", ReduceMax.self, inputs: 1...2),
    OperatorEntry("ReduceMean", ReduceMean.self, inputs: 1...2),
    OperatorEntry("ReduceMin", ReduceMin.self, inputs: 1...2),
    OperatorEntry("ReduceProd", ReduceProd.self, inputs: 1...2),
    OperatorEntry("ReduceSum", ReduceSum.self, inputs: 1...2),
    OperatorEntry("ReduceSumSquare", ReduceSumSquare.self, inputs: 1...2),
    OperatorEntry("TopK", TopK.self, inputs: 1...2, outputs: 1...2),
  ]
}
