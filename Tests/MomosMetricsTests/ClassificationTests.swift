import MomosMetrics
import MomosModel
import Testing

/// Expected values are counted by hand.
struct ClassificationTests {
  private func classification(_ outputs: [Float], samples: Int) throws -> Classification {
    let shape = Shape(rows: samples, columns: outputs.count / samples)
    return try #require(Classification(outputs: Tensor(outputs, shape: shape)))
  }

  @Test func predictionIsTheClassOfTheLargestOutput() throws {
    let outputs: [Float] = [0.1, 0.7, 0.2, -3, -1, -2, 5, 0, 4.9]
    #expect(try classification(outputs, samples: 3).predictions == [1, 1, 0])
  }

  @Test func tiesGoToTheLowestClass() throws {
    #expect(try classification([1, 1, 0, 0, 2, 2, 3, 3, 3], samples: 3).predictions == [0, 1, 0])
    #expect(try classification([-0.0, 0, -1], samples: 1).predictions == [0])
  }

  @Test func notANumberNeverWins() throws {
    let outputs: [Float] = [.nan, 1, 2, 1, .nan, -5, -1, -2, .nan]
    #expect(try classification(outputs, samples: 3).predictions == [2, 0, 0])
    #expect(try classification([-.infinity, .nan, 3], samples: 1).predictions == [2])
  }

  @Test func singleClassIsAlwaysPredicted() throws {
    #expect(try classification([3, -1, .nan], samples: 3).predictions == [0, 0, 0])
  }

  @Test(arguments: [ElementType.float16, .bfloat16, .float64])
  func everyFloatingPointTypeIsRead(elementType: ElementType) throws {
    let outputs = try Tensor(rounding: [0, 2, 1, 4, 3, -8], to: elementType, shape: Shape([2, 3]))
    #expect(try #require(Classification(outputs: outputs)).predictions == [1, 0])
  }

  @Test func onlyMatricesWithClassesAreClassifications() throws {
    #expect(try Classification(outputs: Tensor([1, Float(2)], shape: Shape([2]))) == nil)
    #expect(try Classification(outputs: Tensor([1, Float(2)], shape: Shape([1, 1, 2]))) == nil)
    #expect(try Classification(outputs: Tensor([Float](), shape: Shape([3, 0]))) == nil)
  }

  @Test func accuracyIsTheShareOfRightPredictions() throws {
    let predicted = try classification([1, 0, 0, 1, 1, 0, 0, 1], samples: 4)
    #expect(predicted.accuracy(labels: [0, 1, 1, 1]) == 0.75)
    #expect(predicted.accuracy(labels: [0, 1, 0, 1]) == 1)
    #expect(predicted.accuracy(labels: [1, 0, 1, 0]) == 0)
    #expect(predicted.accuracy(labels: [7, 1, -1, 1]) == 0.5)
  }

  @Test func otherCountOfLabelsHasNoAccuracy() throws {
    let predicted = try classification([1, 0, 0, 1], samples: 2)
    #expect(predicted.accuracy(labels: [0]) == nil)
    #expect(predicted.accuracy(labels: [0, 1, 1]) == nil)
  }

  @Test func noSamplesHaveNoAccuracy() throws {
    let none = try #require(Classification(outputs: Tensor([Float](), shape: Shape([0, 3]))))
    #expect(none.accuracy(labels: []) == nil)
    #expect(none.agreement(with: none) == nil)
  }

  @Test func agreementComparesPredictions() throws {
    let one = try classification([1, 0, 0, 1, 1, 0], samples: 3)
    let other = try classification([9, 8, 3, 2, 0, 5], samples: 3)
    #expect(one.agreement(with: other) == 1.0 / 3)
    #expect(one.agreement(with: one) == 1)
    #expect(try one.agreement(with: classification([1, 0], samples: 1)) == nil)
  }
}
