import FoundationEssentials
import MomosMetrics
import MomosModel
import MomosTestSupport
import Testing

/// Weights of `fixtures/metrics` against pybdm, Python's zlib and the command zstd.
struct WeightComplexityTests {
  static let names = ["normal", "skewed", "sparse", "period", "constant", "short"]
  private static let folder = Fixtures.path + "/metrics"

  private struct Expected: Decodable {
    let bdm: Double
    let zeros: Double?
    let l2Norm: Double?
    let zlib: Double?
    let signZlib: Double?
    let zstd: Double?
    let signZstd: Double?
  }

  private func expected() throws -> [String: Expected] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let content = try Data(contentsOf: URL(filePath: Self.folder + "/complexity.json"))
    return try decoder.decode([String: Expected].self, from: content)
  }

  private func tensor(_ name: String) throws -> Tensor {
    try NPYFixture.tensor(at: URL(filePath: "\(Self.folder)/\(name).npy"), elementType: .float32)
  }

  @Test(arguments: names)
  func measuresAreThoseOfOtherTools(name: String) throws {
    let expected = try #require(try expected()[name])
    let tensor = try tensor(name)
    var meter = ComplexityMeter()
    let found = try meter.add(tensor)
    #expect(abs(found.blockDecomposition - expected.bdm) <= 1e-9 * max(expected.bdm, 1))
    #expect(found.weightCount == tensor.elementCount)
    #expect(try abs(found.sparsity * Double(tensor.elementCount) - #require(expected.zeros)) < 1e-6)
    // Sums of squares in float64 differ by the order of summing.
    let norm = try #require(expected.l2Norm)
    #expect(abs(found.l2Norm - norm) <= 1e-12 * norm)
    // Compressors of other versions choose a little differently: 2 % and 16 bytes.
    let byteCount = Double(4 * tensor.elementCount)
    let signByteCount = Double((tensor.elementCount + 7) / 8)
    for (rate, whole, bytes) in [
      (found.zlibRate, byteCount, expected.zlib), (found.zstdRate, byteCount, expected.zstd),
      (found.signZlibRate, signByteCount, expected.signZlib),
      (found.signZstdRate, signByteCount, expected.signZstd),
    ] {
      let (rate, bytes) = (try #require(rate), try #require(bytes))
      #expect(abs(rate * whole - bytes) <= 0.02 * bytes + 16)
    }
  }

  @Test func totalCountsTheBlocksOfAllTensors() throws {
    var meter = ComplexityMeter()
    let each = try Self.names.map { try meter.add(tensor($0)) }
    let expected = try #require(try expected()["all"])
    #expect(abs(meter.total.blockDecomposition - expected.bdm) <= 1e-9 * expected.bdm)
    #expect(meter.total.weightCount == each.reduce(0) { $0 + $1.weightCount })
    let bytes = each.reduce(0.0) { $0 + ($1.zstdRate ?? 0) * Double($1.byteCount) }
    #expect(abs((meter.total.zstdRate ?? 0) * Double(meter.total.byteCount) - bytes) < 1e-6)
  }

  @Test func nothingHasNoComplexity() {
    let total = ComplexityMeter().total
    #expect(total.weightCount == 0 && total.blockDecomposition == 0 && total.sparsity == 0)
    #expect(total.zlibRate == nil && total.signZstdRate == nil)
  }

  @Test func halfPrecisionWeightsAreMeasuredInTheirOwnBytes() throws {
    let tensor = try Tensor(rounding: [1, -1, 0, 2], to: .float16, shape: Shape([4]))
    var meter = ComplexityMeter()
    let found = try meter.add(tensor)
    #expect(found.byteCount == 8)
    #expect(found.sparsity == 0.25)
    #expect(abs(found.l2Norm - 6.0.squareRoot()) < 1e-12)
  }
}
