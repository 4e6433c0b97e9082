import FoundationEssentials
import MomosModel
import MomosTestSupport
import Testing

/// Digits perceptrons that were trained as a mosaic (`fixtures/sources/digits-mosaic`) convert without loss.
struct DigitsMosaicTests {
  private static let folder = Fixtures.path + "/sources/digits-mosaic"

  private struct Facts: Decodable {
    let denseBytes: Int
    /// What `zstd -19` makes of the dense bytes.
    let zstdBytes: Int
  }

  private func facts(_ name: String) throws -> Facts {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let content = try Data(contentsOf: URL(filePath: Self.folder + "/index.json"))
    return try #require(try decoder.decode([String: Facts].self, from: content)[name])
  }

  @Test(arguments: [("capacity-05", 0.15), ("capacity-01", 0.09)])
  func fileIsLosslessAndSmallerThanCompressedWeights(name: String, share: Double) throws {
    let folder = try TestFolder()
    let (path, source) = (folder.file("a.momos"), "\(Self.folder)/\(name).npz")
    let result = try Command.convert([
      source, "--graph", Self.folder + "/graph.json", "--blocking", "flat", "-o", path, "--json",
    ])
    result.expectSuccess()
    let report = try result.json(ConversionFacts.self)
    #expect(report.tensors.filter { $0.className.hasPrefix("exact") }.count == 3)
    #expect(report.tensors.allSatisfy { $0.relativeError == 0 })
    let facts = try facts(name)
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    let byteCount = try #require(size)
    #expect(Double(byteCount) <= share * Double(facts.denseBytes))
    #expect(byteCount < facts.zstdBytes)
  }

  @Test(arguments: ["capacity-05", "capacity-01"])
  func predictionsAreThoseOfTheTrainedNetwork(name: String) throws {
    let folder = try TestFolder()
    let (path, output) = (folder.file("a.momos"), folder.file("logits.npy"))
    try Command.convert([
      "\(Self.folder)/\(name).npz", "--graph", Self.folder + "/graph.json", "--blocking", "flat", "-o", path,
      "--quiet",
    ]).expectSuccess()
    try Command.run([
      path, "--input", Digits.imagesInput, "--output", "logits=\(output)", "--precision", "exact",
    ]).expectSuccess()
    let logits = try NPYFixture.tensor(at: URL(filePath: output), elementType: .float32)
    let expected = try NPYFixture.tensor(
      at: URL(filePath: "\(Self.folder)/\(name)-predictions.npy"), elementType: .uint8)
    let labels = expected.bytes.array(of: UInt8.self).map(Int.init)
    #expect(labels.count == 540)
    let values = logits.floats()
    let predictions = labels.indices.map { sample in
      (0..<10).max { values[10 * sample + $0] < values[10 * sample + $1] } ?? 0
    }
    #expect(predictions == labels)
  }

  @Test func optionsThatDecideMotifsAreRefused() throws {
    let folder = try TestFolder()
    let source = Self.folder + "/capacity-01.npz"
    for options in [["--motifs", "16"], ["--capacity", "0.05"], ["--stages", "2"]] {
      let result = try Command.convert(
        [source, "--blocking", "flat", "-o", folder.file("a.momos")] + options)
      #expect(result.exitCode == 64)
      #expect(result.standardError.contains("blocking"))
    }
    #expect(folder.names == [])
  }

  @Test func complexityIsMeasuredOfSourcesAndOfFiles() throws {
    struct Report: Decodable {
      struct Total: Decodable {
        let weightCount: Int
        let blockDecomposition: Double
        let l2Norm: Double
      }
      struct Description: Decodable {
        let denseBits: Int
        let mosaicBits: Int
        let dictionaryBits: Int
      }
      let total: Total
      let description: Description
    }
    let folder = try TestFolder()
    let (source, path) = (Self.folder + "/capacity-01.npz", folder.file("a.momos"))
    try Command.convert([source, "--blocking", "flat", "-o", path, "--quiet"]).expectSuccess()
    let dense = try Command.inspect([source, "--complexity", "--json"]).json(Report.self)
    let stored = try Command.inspect([path, "--complexity", "--json"]).json(Report.self)
    // 85,002 weights and the scale of the pixels, each 32 bits; 3 matrices and 4 vectors have 10 dimensions.
    #expect(dense.total.weightCount == 85_003)
    #expect(dense.description.denseBits == 85_003 * 32 + 10 * 64)
    #expect(dense.description.mosaicBits == 0)
    // The same weights have the same measures, however they are stored.
    #expect(stored.total.blockDecomposition == dense.total.blockDecomposition)
    #expect(stored.total.l2Norm == dense.total.l2Norm)
    // 21,120 blocks of the matrices at 8 bits; 212 motifs at most, of 4 weights.
    #expect(stored.description.denseBits == dense.description.denseBits)
    #expect(stored.description.mosaicBits == 21_120 * 8)
    #expect((129...212 * 128 + 128).contains(stored.description.dictionaryBits))
    let text = try Command.inspect([path, "--complexity"])
    text.expectSuccess()
    for words in ["description length", "fc2.weight", "BDM", "at their entropy"] {
      #expect(text.standardOutput.contains(words))
    }
  }
}
