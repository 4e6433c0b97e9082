import FoundationEssentials
import Glibc
import MomosModel
import MomosTestSupport

/// What tools/fixtures/make_fit_fixtures.py wrote, and the moments that it wrote it for.
enum FitFixture {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "fixtures/fit")

  static func floats(_ path: String, _ elementType: ElementType = .float32) throws -> [Float] {
    try NPYFixture.tensor(at: folder.appending(path: path), elementType: elementType).floats()
  }

  /// The formula of the script: correlated inputs of different sizes, that of column 7 always zero.
  static func secondMoments(columns: Int) -> [Double] {
    var moments = [Double](repeating: 0, count: columns * columns)
    for i in 0..<columns where i != 7 {
      for j in 0..<columns where j != 7 {
        let distance = Double(abs(i - j))
        let size = Double((1 + i % 5) * (1 + j % 5))
        moments[i * columns + j] = size * (pow(0.6, distance) + 0.5 * cos(0.7 * distance))
      }
    }
    return moments
  }
}
