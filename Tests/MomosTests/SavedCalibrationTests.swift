import MomosInterchange
import MomosModel
import MomosTestSupport
import Testing

@testable import Momos

/// Files of calibrations, good and bad.
struct SavedCalibrationTests {
  private let folder: TestFolder
  private var path: String { folder.file("saved.npz") }

  init() throws {
    folder = try TestFolder()
    var calibration = Calibration()
    calibration.moments = [
      .init(sampleCount: 3, columns: 2, upperSums: try Bytes(copying: [1, -2, 5] as [Double])),
      .init(sampleCount: 7, columns: 1, upperSums: try Bytes(copying: [0.5] as [Double])),
    ]
    calibration.momentsOfTensor = ["a/b\nc": 1, "ä": 0, "q": 0]
    calibration.rowCounts = ["table": [0, 4, 1], "ä": [2]]
    calibration.losses = ["table": 0.25, "q": -1e-17]
    try SavedCalibration.write(calibration, to: folder.file("saved.npz"))
    #expect(try read() == calibration)
  }

  private func read() throws -> Calibration? {
    try SavedCalibration.read(SourceCollection.open([path]), path: path)
  }

  /// Writes the file again with one member changed, or without it.
  private func change(_ name: String, to tensor: Tensor?) throws {
    let archive = try SourceCollection.open([path])
    #expect(archive.catalog.contains { $0.name == name })
    var writer = try NPZWriter(path: folder.file("new.npz"))
    for entry in archive.catalog {
      if let content = entry.name == name ? tensor : try archive.read(entry.name) {
        try writer.add(content, name: entry.name)
      }
    }
    try writer.finish()
    try folder.write(folder.bytes(of: "new.npz"), to: "saved.npz")
  }

  private static func integers(_ values: [Int64]) throws -> Tensor {
    try Tensor(values, shape: Shape([values.count]))
  }

  private static func doubles(_ values: [Double]) throws -> Tensor {
    Tensor(elementType: .float64, shape: try Shape([values.count]), bytes: try Bytes(copying: values))
  }

  private static func bytes(_ values: [UInt8]) throws -> Tensor {
    Tensor(elementType: .uint8, shape: try Shape([values.count]), bytes: try Bytes(copying: values))
  }

  @Test func memberThatIsMissingIsRefused() throws {
    for name in [
      "names", "name_ends", "moments_of_tensor", "losses", "sample_counts", "columns", "upper_sums_0",
      "upper_sums_1",
    ] {
      let test = try SavedCalibrationTests()
      try test.change(name, to: nil)
      #expect(throws: MomosError.self) { try test.read() }
    }
  }

  @Test func memberThatContradictsTheOthersIsRefused() throws {
    // The names are "a/b\nc", "q", "table" and "ä": 5, 1, 5 and 2 bytes.
    let changes: [(String, Tensor)] = [
      ("momos_calibration", try Self.integers([2])), ("momos_calibration", try Self.doubles([1])),
      ("names", try Self.bytes([UInt8](repeating: 0xFF, count: 13))),
      ("names", try Self.bytes(Array("a/b\ncqtable".utf8))),
      ("name_ends", try Self.integers([5, 6, 11])), ("name_ends", try Self.integers([5, 5, 11, 13])),
      ("name_ends", try Self.integers([5, 6, 11, 14])), ("name_ends", try Self.integers([-5, 6, 11, 13])),
      ("name_ends", try Self.integers([5, 6, .max, 13])), ("name_ends", try Self.integers([5, 6, 12, 13])),
      ("moments_of_tensor", try Self.integers([0, 0, 0, 2])),
      ("moments_of_tensor", try Self.integers([0, 0, 0, -2])),
      ("moments_of_tensor", try Self.integers([0, 0, 0])),
      ("losses", try Self.doubles([0, 0, 0, .infinity])),
      ("losses", try Self.doubles([0, 0, 0])), ("losses", try Self.integers([0, 0, 0, 0])),
      ("sample_counts", try Self.integers([1, -1])), ("sample_counts", try Self.integers([1])),
      ("columns", try Self.integers([2, 2])), ("columns", try Self.integers([2, .max])),
      ("columns", try Self.integers([2, -1])), ("upper_sums_0", try Self.doubles([1, .nan, 5])),
      ("upper_sums_0", try Self.doubles([1, .infinity, 5])), ("upper_sums_0", try Self.doubles([1, 2, -5])),
      ("upper_sums_0", try Self.doubles([1, 2])), ("row_counts_2", try Self.integers([0, -1, 0])),
      ("row_counts_2", try Self.doubles([0, 1, 0])),
      (
        "upper_sums_0",
        Tensor(elementType: .float64, shape: try Shape([3, 1]), bytes: try Bytes(copying: [1, 2, 5.0]))
      ),
    ]
    for (name, tensor) in changes {
      let test = try SavedCalibrationTests()
      try test.change(name, to: tensor)
      let error = #expect(throws: MomosError.self) { try test.read() }
      #expect(error?.kind == .badData && error?.description.contains("member '") == true, "\(name)")
    }
  }

  @Test func otherArchivesAreNone() throws {
    try change("momos_calibration", to: nil)
    #expect(try read() == nil)
  }

  /// Checksums of members leave only records and padding to be changed unseen. Every seventh byte, so that every place
  /// of a record and of a header is among them.
  @Test func flippedBytesThrowOrReadEqual() throws {
    let original = try folder.bytes(of: "saved.npz")
    let expected = try read()
    for position in stride(from: 0, to: original.count, by: 7) {
      var flipped = original
      flipped[position] ^= 0x11
      try folder.write(flipped, to: "saved.npz")
      guard let found = try? read() else { continue }
      #expect(found == expected, "byte \(position)")
    }
  }
}
