import FoundationEssentials
import Momos
import MomosTestSupport
import Testing

/// Decomposition on the command line.
struct DecompositionLineTests {
  private struct Facts: Decodable {
    struct Tensor: Decodable {
      struct Part: Decodable {
        let rows: [Int]?
        let columns: [Int]?
      }

      struct Findings: Decodable {
        let foundPartCount: Int
      }

      struct Speed: Decodable {
        let batch: Int
      }

      let parts: [Part]
      let findings: Findings?
      let speeds: [Speed]
    }

    let tensors: [Tensor]
  }

  private struct ConversionOf: Decodable {
    let decomposition: Facts?
  }

  /// Two parts of 64 x 64: rows below 64 with odd columns, the others with even ones.
  private func plant(in folder: TestFolder) throws {
    var generator = SeededGenerator(seed: 3)
    let weights = (0..<128 * 128).map { position in
      let isPlanted = (position / 128 < 64) == !(position % 128).isMultiple(of: 2)
      return Float((isPlanted ? 0.05 : 0.01) * generator.nextNormal())
    }
    try NPYFixture.write(
      Tensor(weights, shape: Shape(rows: 128, columns: 128)), to: folder.file("w.npy"))
  }

  @Test func partsAreReportedAndStored() throws {
    let folder = try TestFolder()
    try plant(in: folder)
    let file = folder.file("a.momos")
    let result = try Command.convert([
      folder.file("w.npy"), "-o", file, "--block-length", "4", "--decompose", "--initialization",
      "normal:0.01",
      "--json",
    ])
    result.expectSuccess()
    let converted = try #require(try result.json(ConversionOf.self).decomposition?.tensors.first)
    #expect(converted.findings?.foundPartCount == 2)
    let inspected = try Command.inspect([
      file, "--decomposition", "--speed", "--threads", "1", "--picture", "w=\(folder.file("w.svg"))",
      "--json",
    ])
    inspected.expectSuccess()
    let stored = try #require(try inspected.json(Facts.self).tensors.first)
    #expect(stored.speeds.map(\.batch) == [1, 64])
    for tensor in [converted, stored] {
      #expect(tensor.parts.map(\.rows) == [Array(0..<64), Array(64..<128)])
      let odd = Array(stride(from: 1, to: 128, by: 2))
      #expect(tensor.parts.map(\.columns) == [odd, odd.map { $0 - 1 }])
    }
    #expect(folder.names.contains("w.svg"))
    let text = try Command.inspect([file, "--decomposition"])
    #expect(text.standardOutput.hasPrefix("w: 128 x 128, 2 parts, "))
  }

  /// At the default number of bits motifs would overlap; decomposition takes plain ones.
  @Test func decompositionNeedsNoOtherOption() throws {
    let folder = try TestFolder()
    try plant(in: folder)
    let result = try Command.convert([
      folder.file("w.npy"), "-o", folder.file("a.momos"), "--decompose", "--json",
    ])
    result.expectSuccess()
    let tensors = try result.json(ConversionOf.self).decomposition?.tensors
    #expect(tensors?.first?.parts.count == 2)
  }

  @Test(arguments: [
    ["--speed"], ["--decomposition", "--threads", "2"], ["--complexity", "--decomposition"],
  ])
  func optionsWithoutEffectAreRefused(options: [String]) throws {
    let folder = try TestFolder()
    try plant(in: folder)
    try Command.convert([folder.file("w.npy"), "-o", folder.file("a.momos"), "--quiet"]).expectSuccess()
    #expect(try Command.inspect([folder.file("a.momos")] + options).exitCode == 64)
  }
}
