import FoundationEssentials
import Momos
import MomosTestSupport
import Testing

/// What opening a file allocates and holds, counted by a program whose malloc counts (CountingOpen).
@Suite(.disabled(if: Sanitizer.isActive))
struct OpeningMemoryTests {
  private struct Count {
    let peak: Int
    let outcome: String
  }

  /// The most bytes that the opening of each file held.
  private func count(_ paths: [String]) throws -> [Count] {
    let program = Command(name: "CountingOpen")
    let result = try program(paths)
    #expect(result.exitCode == 0, "\(result.standardError)")
    let lines = result.standardOutput.split(separator: "\n").map { $0.split(separator: " ") }
    try #require(lines.count == paths.count)
    return try lines.map { Count(peak: try #require(Int($0[0])), outcome: String($0[2])) }
  }

  /// The header's byte count as the file says it, no more than the file has.
  private func headerByteCount(_ path: String) throws -> Int {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    guard bytes.count >= 40 else { return 0 }
    let stated = bytes[32..<40].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    return Int(min(stated, UInt64(bytes.count)))
  }

  private func fixtures(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(Fixtures.path)/\(folder)")
      .filter { $0.hasSuffix(".momos") }.sorted().map { "\(Fixtures.path)/\(folder)/\($0)" }
  }

  /// Section 2 of the spec, for every file of the fixtures, good and bad.
  @Test(arguments: ["valid", "invalid"]) func openingHoldsAtMostItsShare(folder: String) throws {
    let paths = try fixtures(folder)
    #expect(paths.count > 70)
    for (path, count) in zip(paths, try count(paths)) {
      let limit = 64 * (try headerByteCount(path)) + 1 << 20
      #expect(count.peak <= limit, "\(path): \(count.peak) bytes, at most \(limit) allowed")
    }
  }

  /// Headers of 64 KiB that are all of one kind of message: those that take most memory for their bytes.
  @Test(arguments: [
    "22 00", "12 00", "1A 00", "2A 00", "32 00", "0A 00", "22 02 62 00", "2A 02 22 00", "2A 04 22 02 32 00",
    "3A 02 1A 00", "22 04 1A 02 01 01",
  ])
  func bombsStayWithinTheLimit(message: String) throws {
    let unit = message.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    let header = (0..<(1 << 16) / unit.count).flatMap { _ in unit }
    let folder = try TestFolder()
    try folder.write(HeaderFile.bytes(header), to: "bomb.momos")
    let count = try #require(try count([folder.file("bomb.momos")]).first)
    #expect(count.peak <= 64 * header.count + 1 << 20, "\(count.peak)")
  }

  /// Not a byte, descriptor or mapping more. MOMOS_ROUNDS=100000 is for long runs.
  @Test func openingExecutingAndClosingLeaksNothing() throws {
    let rounds = ProcessInfo.processInfo.environment["MOMOS_ROUNDS"].flatMap { Int($0) } ?? 5000
    let folder = try TestFolder()
    try Self.writeSmallNetwork(to: folder.file("w.momos"))
    let result = try Command(name: "CountingOpen")(["--rounds", "\(rounds)", folder.file("w.momos")])
    #expect(result.exitCode == 0, "\(result.standardError)")
    let counts = result.standardOutput.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    try #require(counts.count == 3)
    // A leak of a byte a round would be as many; caches may still settle.
    #expect(counts[0] < rounds)
    #expect(counts[1] == 0)
    #expect(counts[2] <= 2)
  }

  /// y = W x with a mosaic of 16 motifs.
  private static func writeSmallNetwork(to path: String) throws {
    let motifs = (0..<16 * 4).map { Float($0 % 9) - 4 }
    let dictionary = MotifDictionary(
      motifCount: 16, blockLength: 4, elementType: .float32, values: try Bytes(copying: motifs))
    let mosaic = try Mosaic(
      packing: (0..<16).map { UInt16($0) }, rowCount: 8, blockCount: 2, blockLength: 4, indexWidth: 4)
    let writer = try MomosWriter(path: path)
    try writer.write(
      name: "w",
      mosaic: MosaicTensor(
        elementType: .float32, shape: try Shape([8, 8]), view: .lastAxisIsInput(rank: 2),
        parts: [MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])]))
    let graph = Graph(
      inputs: [GraphValue(name: "x", elementType: .float32)], outputs: [GraphValue(name: "y")],
      nodes: [
        Node(
          operatorType: "Gemm", inputs: ["x", "w"], outputs: ["y"],
          attributes: [NodeAttribute(name: "transB", value: .int(1))])
      ])
    _ = try writer.finish(graphs: [graph], operatorSets: [OperatorSet(domain: "", version: 17)])
  }
}

/// A file that is a header alone.
private enum HeaderFile {
  static func bytes(_ header: [UInt8]) throws -> [UInt8] {
    func integer(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    var bytes: [UInt8] = [0x93, 0x4D, 0x4F, 0x4D, 0x4F, 0x53, 0x0D, 0x0A, 1, 0, 0, 0, 4, 3, 2, 1]
    bytes += integer(UInt64(64 + header.count), 8) + integer(64, 8) + integer(UInt64(header.count), 8)
    bytes += integer(xxh3(try Bytes(copying: header)), 8) + integer(0, 8)
    return bytes + integer(xxh3(try Bytes(copying: bytes)), 8) + header
  }
}
