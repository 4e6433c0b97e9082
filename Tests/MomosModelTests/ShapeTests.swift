import MomosModel
import Testing

struct ShapeTests {
  @Test func elementCountIsTheProduct() throws {
    #expect(try Shape([2, 3, 4]).elementCount == 24)
    #expect(try Shape([]).elementCount == 1)
    #expect(try Shape([5, 0, 7]).elementCount == 0)
  }

  @Test func negativeDimensionIsRejected() {
    #expect(throws: ModelError.negativeDimension(-1)) { try Shape([2, -1]) }
  }

  @Test func moreThanSixteenDimensionsAreRejected() throws {
    _ = try Shape([Int](repeating: 1, count: 16))
    #expect(throws: ModelError.rankTooLarge(found: 17, limit: 16)) {
      try Shape([Int](repeating: 1, count: 17))
    }
  }

  @Test(arguments: [[1 << 48, 2], [1 << 25, 1 << 24], [Int.max, Int.max], [Int.max, 0], [0, 1 << 49]])
  func moreThanTwoToThe48ElementsAreRejected(dimensions: [Int]) {
    #expect(throws: ModelError.elementCountOverflow(dimensions: dimensions)) { try Shape(dimensions) }
  }

  @Test func theLimitItselfIsAccepted() throws {
    #expect(try Shape([1 << 24, 1 << 24]).elementCount == 1 << 48)
  }
}
