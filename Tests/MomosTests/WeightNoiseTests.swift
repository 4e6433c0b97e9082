import MomosModel
import Testing

@testable import Momos

/// Noise of -13 dB relative to each row: a twentieth of its power.
struct WeightNoiseTests {
  private let alongRows = MatrixView.lastAxisIsInput(rank: 2)

  private func noise(_ tensor: Tensor, view: MatrixView, name: String = "w", seed: UInt64 = 0) throws
    -> [Double]
  {
    let noisy = try WeightNoise(seed: seed).added(to: tensor, named: name, view: view)
    #expect(noisy.shape == tensor.shape && noisy.elementType == tensor.elementType)
    return zip(noisy.floats(), tensor.floats()).map { Double($0) - Double($1) }
  }

  private func power(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 } }

  /// The sum of squares of 20,000 normal values is within 5 % of its mean with all but 5 deviations of chance.
  @Test func powerFollowsTheRows() throws {
    let columns = 20_000
    let weights = try Tensor.normal(2, columns).floats().enumerated().map { $0 < columns ? $1 : 1000 * $1 }
    let noise = try noise(Tensor(weights, shape: Shape([2, columns])), view: alongRows)
    for row in 0..<2 {
      let range = row * columns..<(row + 1) * columns
      let ratio = power(noise[range]) / power(weights[range].map(Double.init))
      #expect(abs(ratio / 0.0501187 - 1) < 0.05)
    }
  }

  /// Rows of the matrix are columns of the tensor.
  @Test func rowsAreThoseOfTheView() throws {
    let weights = (0..<1000).map { $0 % 2 == 0 ? Float(1) : Float(1e6) }
    let tensor = try Tensor(weights, shape: Shape([500, 2]))
    let noise = try noise(tensor, view: .firstAxisIsInput(rank: 2))
    #expect(noise.indices.allSatisfy { $0 % 2 == 1 || abs(noise[$0]) < 2 })
    #expect(noise.contains { abs($0) > 1000 })
  }

  @Test func outliersAreLeftAlone() throws {
    var weights = [Float](repeating: 1, count: 400)
    weights[7] = -1e5
    let noise = try noise(Tensor(weights, shape: Shape([1, 400])), view: alongRows)
    #expect(noise[7] == 0)
    #expect(noise.allSatisfy { abs($0) < 2 } && noise.contains { $0 != 0 })
  }

  @Test func zerosStay() throws {
    #expect(
      try noise(Tensor([0, 0, 0, 0] as [Float], shape: Shape([2, 2])), view: alongRows) == [0, 0, 0, 0])
  }

  @Test func nameAndSeedDecideTheNoise() throws {
    let tensor = try Tensor.normal(3, 5)
    let first = try noise(tensor, view: alongRows)
    #expect(try noise(tensor, view: alongRows) == first)
    #expect(try noise(tensor, view: alongRows, name: "v") != first)
    #expect(try noise(tensor, view: alongRows, seed: 1) != first)
  }
}
