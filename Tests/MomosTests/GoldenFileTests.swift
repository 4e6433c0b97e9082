import FoundationEssentials
import Momos
import MomosFormat
import MomosInterchange
import MomosModel
import MomosTestSupport
import Testing

/// The files that every reader of major version 1 reads, with the same values. They never change.
struct GoldenFileTests {
  private static let folder = Fixtures.path + "/golden/v1"
  static let names: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".momos") }.map { String($0.dropLast(6)) }.sorted()
  }()

  @Test func goldenFilesAreThere() {
    #expect(Self.names.count >= 8)
  }

  @Test(arguments: names) func tensorsReconstructBitForBit(name: String) throws {
    let inspection = try Inspection(path: "\(Self.folder)/\(name).momos")
    _ = try inspection.report(checksAll: true)
    let expected = try SourceCollection.open(["\(Self.folder)/\(name).npz"])
    for tensor in expected.catalog {
      let found = try inspection.dense(tensor.name)
      #expect(found.shape == tensor.shape)
      // bfloat16 is there as its bit patterns.
      let bytes = try expected.read(tensor.name).bytes
      #expect(found.bytes == bytes, "\(tensor.name)")
    }
    #expect(try MomosReader(path: "\(Self.folder)/\(name).momos").tensors.count == expected.catalog.count)
  }

  @Test(arguments: names.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)-logits.npy") })
  func networksGiveTheSameLogits(name: String) throws {
    var options = SessionOptions()
    options.precision = .exact
    let session = try Session(path: "\(Self.folder)/\(name).momos", options: options)
    let images = try NPYFixture.tensor(
      at: URL(filePath: Fixtures.path + "/sources/digits-mlp/test_images.npy"), elementType: .uint8)
    let found = try #require(try session.run(["images": images])["logits"]).floats().map(Double.init)
    let logits = try NPYFixture.tensor(
      at: URL(filePath: "\(Self.folder)/\(name)-logits.npy"), elementType: .float64)
    let expected = logits.bytes.array(of: Double.self)
    try #require(found.count == expected.count && found.count == 5400)
    let size = expected.reduce(0) { max($0, abs($1)) }
    for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < 1e-5 * size) }
  }

  /// Every byte is covered by a digest or required to be zero.
  @Test func everyFlippedBitIsRefused() throws {
    let sizes = try Self.names.map { name in
      (name, try MappedFile.open("\(Self.folder)/\(name).momos").count)
    }
    let smallest = try #require(sizes.min { $0.1 < $1.1 }).0
    let bytes = try MappedFile.open("\(Self.folder)/\(smallest).momos").array(of: UInt8.self)
    var accepted: [Int] = []
    for bit in 0..<8 * bytes.count {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      do {
        try MomosReader(bytes: try Bytes(copying: flipped)).checkAll()
        accepted.append(bit)
      } catch {}
    }
    #expect(accepted.isEmpty)
  }
}
