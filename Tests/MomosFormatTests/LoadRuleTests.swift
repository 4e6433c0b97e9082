import MomosModel
import Testing

@testable import MomosFormat

/// The L rules: opening succeeds, loading the tensor fails.
struct LoadRuleTests {
  static let weights: [Refusal] = [
    Refusal(.s06, "changed byte", loading: "floats") { $0.payloads[0][0] ^= 1 },
    Refusal(.s06, "no digest", loading: "floats") { $0.header.sections[0].digest = nil },
    Refusal(.s06, "changed dictionary", loading: "parts") { file in
      let section = file.header.dictionaries[file.dictionaryPosition("parts")].section
      file.payloads[Int(section ?? 0) - 1][3] ^= 1
    },
    Refusal(.s07, "padding", loading: "floats") { $0.dirtyPadding = [0] },
    Refusal(.t06, "bool of 2", loading: "bools") { file in
      file.replace(section: file.tensor("bools").section, with: [1, 0, 2, 0])
    },
    Refusal(.m06, "rows out of order", loading: "parts") { file in
      file.replace(
        section: file.tensor("parts").parts[0].rowsSection, with: try littleEndian([2, 0, 5] as [UInt32]))
    },
    Refusal(.m06, "row twice", loading: "parts") { file in
      file.replace(
        section: file.tensor("parts").parts[0].rowsSection, with: try littleEndian([2, 2, 5] as [UInt32]))
    },
    Refusal(.m06, "column outside", loading: "parts") { file in
      file.replace(
        section: file.tensor("parts").parts[0].columnsSection,
        with: try littleEndian([0, 1, 2, 3, 6] as [UInt32]))
    },
    Refusal(.m07, "row of both parts", loading: "parts") { file in
      file.replace(
        section: file.tensor("parts").parts[0].rowsSection, with: try littleEndian([0, 1, 5] as [UInt32]))
    },
    Refusal(.m07, "all rows twice", loading: "single") { file in
      file.change("single") { $0.parts.append($0.parts[0]) }
    },
    Refusal(.m12, "index 5 of 5 motifs", loading: "simple") { file in
      // Rows of three indices of three bits: 5, 0, 0 in the first.
      file.replace(
        section: file.tensor("simple").parts[0].stages[0].mosaicSection,
        with: [5, 0] + [UInt8](repeating: 0, count: 10))
    },
    Refusal(.m12, "index 3 of 3 stored motifs, negated", loading: "overlapping") { file in
      // Rows of five indices of three bits, the top one the sign: 7 in the last row's last block.
      file.replace(
        section: file.tensor("overlapping").parts[0].stages[0].mosaicSection, with: [0, 0, 0, 0, 0, 0x70])
    },
    Refusal(.m13, "spare bit", loading: "simple") { file in
      file.replace(
        section: file.tensor("simple").parts[0].stages[0].mosaicSection,
        with: [0, 0x02] + [UInt8](repeating: 0, count: 10))
    },
    Refusal(.m15, "infinite row scale", loading: "simple") { file in
      file.replace(
        section: file.tensor("simple").parts[0].rowScaleSection,
        with: try littleEndian([1, 1, 1, 1, 1, .infinity] as [Float16]))
    },
    Refusal(.m17, "infinite outlier", loading: "simple") {
      try $0.replaceOutliers(rows: [0, 1, 2], columns: [0, 0, 0], values: [1, 1, .nan])
    },
    Refusal(.m17, "outlier twice", loading: "simple") {
      try $0.replaceOutliers(rows: [0, 1, 1], columns: [0, 3, 3], values: [1, 1, 1])
    },
    Refusal(.m17, "outliers out of order", loading: "simple") {
      try $0.replaceOutliers(rows: [0, 2, 1], columns: [0, 0, 0], values: [1, 1, 1])
    },
    Refusal(.m17, "outlier outside", loading: "simple") {
      try $0.replaceOutliers(rows: [0, 1, 2], columns: [0, 0, 10], values: [1, 1, 1])
    },
    Refusal(.d06, "infinite motif", loading: "simple") { file in
      let section = file.header.dictionaries[file.dictionaryPosition("simple")].section
      file.replace(
        section: section,
        with: try littleEndian([Float16](repeating: 0, count: 19) + [-.infinity]))
    },
    Refusal(.d06, "f64 beyond float32", loading: "copied") { file in
      let section = file.header.dictionaries[file.dictionaryPosition("copied")].section
      file.replace(section: section, with: try littleEndian([1, 2, 3, 1e300] as [Double]))
    },
    Refusal(.d06, "i8 beyond float32", loading: "overlapping") { file in
      file.changeDictionary(of: "overlapping", stage: 1) { $0.scale = 3e38 }
    },
    Refusal(.d07, "zero motif of -0", loading: "simple") { file in
      let section = file.header.dictionaries[file.dictionaryPosition("simple")].section
      file.replace(section: section, with: try littleEndian([-0.0] + [Float16](repeating: 0, count: 19)))
    },
  ]

  @Test(arguments: weights)
  func brokenWeightsAreRefused(refusal: Refusal) throws { try refusal.check() }

  /// Other tensors of the same file load all the same.
  @Test func damageStaysWithItsTensor() throws {
    var file = try ForgedFile(try SampleModel.bytes())
    file.payloads[0][0] ^= 1
    let reader = try MomosReader(try file.bytes())
    #expect(throws: FormatError.self) { try reader.load("floats") }
    #expect(throws: FormatError.self) { try reader.resolve("repeated") }
    #expect(throws: FormatError.self) { try reader.checkAll() }
    _ = try reader.load("simple")
  }
}

extension ForgedFile {
  /// Outliers of the tensor "simple".
  mutating func replaceOutliers(rows: [UInt16], columns: [UInt16], values: [Float16]) throws {
    replace(
      section: tensor("simple").outlierSection,
      with: try littleEndian(rows) + littleEndian(columns) + littleEndian(values))
  }
}
