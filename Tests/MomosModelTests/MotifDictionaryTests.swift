import MomosModel
import Testing

struct MotifDictionaryTests {
  @Test(arguments: [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (256, 8), (257, 9), (65_536, 16)])
  func indexWidthIsTheLogarithmRoundedUp(motifCount: Int, width: Int) {
    #expect(MotifDictionary.indexWidth(motifCount: motifCount) == width)
  }

  @Test func antipodalIndicesSkipTheGapBelowTheSign() throws {
    let dictionary = MotifDictionary(
      motifCount: 6, blockLength: 1, elementType: .float32, isAntipodal: true,
      values: try Bytes(copying: [1, 2, 3] as [Float]))
    #expect(dictionary.indexWidth == 3)
    #expect((0..<8).map(dictionary.contains(index:)) == [true, true, true, false, true, true, true, false])
    #expect(dictionary.tableFloats() == [1, 2, 3, 0, -1, -2, -3, 0])
  }

  @Test func tablesAreZeroBeyondTheMotifs() throws {
    let dictionary = MotifDictionary(
      motifCount: 3, blockLength: 2, elementType: .float16,
      values: try Bytes(copying: [1, 2, 3, 4, 5, 6] as [Float16]))
    #expect(dictionary.tableFloats() == [1, 2, 3, 4, 5, 6, 0, 0])
  }

  @Test func int8ValuesAreScaled() throws {
    let dictionary = MotifDictionary(
      motifCount: 1, blockLength: 2, elementType: .int8, scale: 0.5,
      values: try Bytes(copying: [3, -4] as [Int8]))
    #expect(dictionary.storedFloats() == [1.5, -2])
  }
}
