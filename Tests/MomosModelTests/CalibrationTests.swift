import MomosModel
import Testing

struct CalibrationTests {
  // By hand: x = (1, 2, 3) and (0, 1, -1); x x^T has the rows 1 2 3, 2 4 6, 3 6 9 and 0 0 0, 0 1 -1, 0 -1 1.
  @Test func upperHalfIsTheWholeSum() throws {
    let moments = Calibration.InputMoments(
      sampleCount: 2, columns: 3, upperSums: try Bytes(copying: [1, 2, 3, 5, 5, 10] as [Double]))
    #expect(moments.sums == [1, 2, 3, 2, 5, 5, 3, 5, 10])
    #expect(moments.squares == [1, 5, 10])
  }

  @Test func momentsAreFoundByTheNameOfTheWeight() throws {
    var calibration = Calibration()
    calibration.moments = [
      .init(sampleCount: 1, columns: 1, upperSums: try Bytes(copying: [4.0])),
      .init(sampleCount: 1, columns: 1, upperSums: try Bytes(copying: [9.0])),
    ]
    calibration.momentsOfTensor = ["a": 1, "b": 0, "c": 1]
    #expect(calibration.moments(of: "c")?.sums == [9])
    #expect(calibration.moments(of: "b")?.sums == [4])
    #expect(calibration.moments(of: "d") == nil)
  }
}
