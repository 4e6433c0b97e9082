import MomosMetrics
import MomosModel
import Testing

/// Divergences worked out by hand.
struct OutputDistributionTests {
  private func divergence(_ measured: [Float], _ reference: [Float], rows: Int, columns: Int) throws
    -> Double?
  {
    let shape = Shape(rows: rows, columns: columns)
    return OutputDistribution.meanDivergence(
      of: try Tensor(measured, shape: shape), from: try Tensor(reference, shape: shape))
  }

  @Test func probabilitiesAreTakenAsTheyAre() throws {
    // Row 1: 1/2 log(2/3 * 3) ... = 1/2 log((1/2)/(1/4)) + 1/2 log((1/2)/(3/4)) = 0.14384; row 2: equal.
    let found = try #require(
      try divergence([0.25, 0.75, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5], rows: 2, columns: 2))
    #expect(abs(found - 0.1438410362 / 2) < 1e-7)
  }

  @Test func logitsGoThroughSoftmax() throws {
    // softmax(0, 0) = (1/2, 1/2); softmax(0, log 3) = (1/4, 3/4); a shift of all logits changes nothing.
    let found = try #require(try divergence([-7, -5.9013877], [2, 2], rows: 1, columns: 2))
    #expect(abs(found - 0.1438410362) < 1e-6)
  }

  @Test func classThatOnlyTheReferenceHasGivesInfinity() throws {
    #expect(try divergence([1, 0], [0.5, 0.5], rows: 1, columns: 2) == .infinity)
    #expect(
      try divergence([0.5, 0.5], [1, 0], rows: 1, columns: 2).map { abs($0 - 0.6931471806) < 1e-7 } == true)
  }

  @Test func outputsThatAreNoClassesHaveNone() throws {
    #expect(try divergence([1], [1], rows: 1, columns: 1) == nil)
    let vector = try Tensor([1, 2] as [Float], shape: Shape(vector: 2))
    #expect(OutputDistribution.meanDivergence(of: vector, from: vector) == nil)
  }
}
