import FoundationEssentials
import MomosModel
import MomosTestSupport
import Testing

@testable import Momos
@testable import MomosInterchange

/// Every truncation and every flipped bit of the files that a conversion keeps for itself: refused, or read equal.
///
/// Checksums cover the contents of members; what is left are records that say the same in another way.
struct DamagedJournalTests {
  private let folder: TestFolder
  private let journal: ConversionJournal
  private let output: String
  private static let plan: UInt64 = 7
  private static let entry = FitJournal.Entry.group(0)

  init() throws {
    folder = try TestFolder(isInMemory: true)
    output = folder.file("a.momos")
    journal = try ConversionJournal(of: output, conversion: 1, resumes: false)
    try journal.findings(plan: Self.plan).keep(
      FitFindings(
        dictionaries: [try Bytes(copying: [1, 2, 3, 4] as [Float])],
        encodings: [PartEncoding(indices: [[1, 0, 1]], scales: [0.5, 1, -1])]), Self.entry)
    var calibration = Calibration()
    calibration.moments = [
      .init(sampleCount: 3, columns: 2, upperSums: try Bytes(copying: [1, -2, 5] as [Double]))
    ]
    calibration.momentsOfTensor = ["a": 0]
    calibration.rowCounts = ["t": [0, 4]]
    calibration.losses = ["t": 0.25]
    try journal.keep(calibration)
  }

  private func findings() throws -> String? {
    try journal.findings(plan: Self.plan).restore(Self.entry).map { findings in
      let dictionaries = findings.dictionaries.map { $0.array(of: UInt8.self) }
      return "\(dictionaries) \(findings.encodings.map { "\($0.indices) \($0.scales)" })"
    }
  }

  @Test func damagedFindingsAreRefusedOrReadEqual() throws {
    let file = "a.momos.partial/group-0.npz"
    let bytes = try folder.bytes(of: file)
    let expected = try #require(try findings())
    var refusedCount = 0
    for (number, damaged) in Self.damages(of: bytes).enumerated() {
      try folder.write(damaged, to: file)
      do {
        #expect(try findings() == expected, "damage \(number)")
      } catch is MomosError {
        refusedCount += 1
      }
    }
    #expect(refusedCount > bytes.count)
  }

  @Test func damagedCalibrationIsRefusedOrReadsEqual() throws {
    let bytes = try folder.bytes(of: "a.momos.partial/calibration.npz")
    let expected = try #require(try journal.calibration())
    var refusedCount = 0
    for (number, damaged) in Self.damages(of: bytes).enumerated() {
      do {
        let archive = try SourceCollection([NPZArchive(try Bytes(copying: damaged), path: "saved.npz")])
        #expect(try SavedCalibration.read(archive, path: "saved.npz") == expected, "damage \(number)")
      } catch is InterchangeError {
        refusedCount += 1
      } catch is MomosError {
        refusedCount += 1
      }
    }
    #expect(refusedCount > bytes.count)
  }

  /// It says conversion 1: no damage makes it that of another one.
  @Test func damagedManifestIsRefusedOrReadsEqual() throws {
    // The lock of the open journal would be in the way of another one.
    let copy = folder.file("b.momos")
    try FileManager.default.copyItem(atPath: output + ".partial", toPath: copy + ".partial")
    let bytes = try folder.bytes(of: "a.momos.partial/manifest.npz")
    var refusedCount = 0
    for (number, damaged) in Self.damages(of: bytes).enumerated() {
      try folder.write(damaged, to: "b.momos.partial/manifest.npz")
      #expect(throws: MomosError.self, "damage \(number)") {
        try ConversionJournal(of: copy, conversion: 2, resumes: true)
      }
      do {
        _ = try ConversionJournal(of: copy, conversion: 1, resumes: true)
      } catch {
        refusedCount += 1
      }
    }
    #expect(refusedCount > bytes.count)
    try folder.write(bytes, to: "b.momos.partial/manifest.npz")
    _ = try ConversionJournal(of: copy, conversion: 1, resumes: true)
  }

  /// Motifs of any type are read from them in place, wherever the archive holds them.
  @Test(arguments: 0..<8) func dictionariesAreAlignedWhereverTheyLie(shift: Int) throws {
    func bytes(_ count: Int) throws -> Tensor {
      let values = [UInt8](repeating: 1, count: count)
      return Tensor(elementType: .uint8, shape: Shape(vector: count), bytes: try Bytes(copying: values))
    }
    var writer = try NPZWriter(path: folder.file("a.momos.partial/group-0.npz"))
    try writer.add(bytes(shift), name: "in front")
    let plan = try Bytes(copying: [Self.plan])
    try writer.add(Tensor(elementType: .uint64, shape: Shape(vector: 1), bytes: plan), name: "plan")
    try writer.add(bytes(16), name: "dictionary_0")
    try writer.finish()
    let found = try #require(try journal.findings(plan: Self.plan).restore(Self.entry))
    let dictionary = found.dictionaries[0]
    #expect(dictionary.count == 16)
    let address = unsafe dictionary.bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    #expect(address % 8 == 0)
  }

  /// A file that a fuzzer found: its motifs begin at an odd address of the archive.
  @Test func motifsAtAnOddAddressAreRead() throws {
    let file = "a.momos.partial/group-0.npz"
    let found = [UInt8](try Data(contentsOf: URL(filePath: Fixtures.path + "/journal/odd-address.npz")))
    try folder.write(found, to: file)
    let findings = try #require(try journal.findings(plan: 2).restore(Self.entry))
    // What zipfile and numpy read.
    #expect(findings.dictionaries.map { $0.array(of: UInt8.self) } == [[0, 0, 0, 0, 49, 189, 73, 186]])
    #expect(findings.dictionaries[0].array(of: Float.self) == [0, Float(bitPattern: 0xBA49_BD31)])
    #expect(findings.encodings.isEmpty)
  }

  /// Every truncation but none, and every flipped bit.
  private static func damages(of bytes: [UInt8]) -> [[UInt8]] {
    bytes.indices.map { Array(bytes[..<$0]) }
      + (0..<8 * bytes.count).map { bit in
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        return damaged
      }
  }
}
