import MomosModel
import Testing

@testable import MomosFormat

/// The O rules of tensors, dictionaries and mosaics.
struct TensorRuleTests {
  static let tensors: [Refusal] = [
    Refusal(.t01, "dense with alias_of") { file in file.change("floats") { $0.aliasOf = 1 } },
    Refusal(.t01, "dense with row axes") { file in file.change("floats") { $0.rowAxes = 1 } },
    Refusal(.t01, "dense with a part") { file in file.change("floats") { $0.parts = [PartRecord()] } },
    Refusal(.t01, "dense with permutation") { file in file.change("floats") { $0.permutation = [0, 1] } },
    Refusal(.t01, "alias with stored element type") { file in
      file.change("repeated") { $0.storedElementType = 1 }
    },
    Refusal(.t01, "alias with outlier count") { file in file.change("repeated") { $0.outlierCount = 1 } },
    Refusal(.t01, "mosaic with a section of its own") { file in file.change("simple") { $0.section = 1 } },
    Refusal(.t01, "mosaic with alias_of") { file in file.change("simple") { $0.aliasOf = 1 } },
    Refusal(.t02, "17 dimensions") { file in
      file.change("scalar") { $0.dimensions = [UInt64](repeating: 1, count: 17) }
    },
    Refusal(.t02, "2^48 + 1 elements") { file in file.change("empty") { $0.dimensions = [0, 1 << 48 + 1] } },
    Refusal(.t02, "product that wraps around to 0") { file in
      file.change("empty") { $0.dimensions = [0, 1 << 32, 1 << 32] }
    },
    Refusal(.t02, "dimension of 2^64 - 1") { file in file.change("empty") { $0.dimensions = [0, .max] } },
    Refusal(.t03, "no section") { file in file.change("floats") { $0.section = nil } },
    Refusal(.t03, "section without elements") { file in
      let section = file.tensor("floats").section
      file.change("floats") { $0.section = nil }
      file.change("empty") { $0.section = section }
      file.change("floats") { $0.dimensions = [0] }
      file.change("repeated") { $0.dimensions = [0] }
    },
    Refusal(.t03, "one element more") { file in file.change("floats") { $0.dimensions = [7] } },
    Refusal(.t04, "f32 stored as i32") { file in file.change("floats") { $0.storedElementType = 6 } },
    Refusal(.t04, "f32 stored as f64") { file in file.change("floats") { $0.storedElementType = 11 } },
    Refusal(.t04, "i64 stored as f32") { file in file.change("scalar") { $0.storedElementType = 1 } },
    Refusal(.t05, "alias of itself") { file in
      let number = UInt32(file.position("repeated") + 1)
      file.change("repeated") { $0.aliasOf = number }
    },
    Refusal(.t05, "alias of a later tensor") { file in
      let number = UInt32(file.position("repeated") + 1)
      file.change("repeated") { $0.aliasOf = number + 1 }
    },
    Refusal(.t05, "alias of an alias") { file in
      var second = file.tensor("repeated")
      second.name = [66]
      second.aliasOf = UInt32(file.position("repeated") + 1)
      file.header.tensors.append(second)
    },
    Refusal(.t05, "other shape") { file in file.change("repeated") { $0.dimensions = [3, 2] } },
    Refusal(.t05, "other type") { file in file.change("repeated") { $0.elementType = 6 } },
  ]

  static let dictionaries: [Refusal] = [
    Refusal(.d01, "block length 0") { file in file.changeDictionary(of: "simple") { $0.blockLength = nil } },
    Refusal(.d01, "block length 65") { file in file.changeDictionary(of: "simple") { $0.blockLength = 65 } },
    Refusal(.d02, "no motifs") { file in file.changeDictionary(of: "simple") { $0.motifCount = 0 } },
    Refusal(.d02, "65,537 motifs") { file in file.changeDictionary(of: "simple") { $0.motifCount = 65_537 } },
    Refusal(.d02, "odd and antipodal") { file in file.changeDictionary(of: "simple") { $0.isAntipodal = true }
    },
    Refusal(.d03, "motif length between") { file in file.changeDictionary(of: "simple") { $0.motifLength = 6 }
    },
    Refusal(.d03, "no motif length") { file in file.changeDictionary(of: "simple") { $0.motifLength = nil } },
    Refusal(.d04, "i32") { file in file.changeDictionary(of: "simple") { $0.elementType = 6 } },
    Refusal(.d04, "scale with f16") { file in file.changeDictionary(of: "simple") { $0.scale = 1 } },
    Refusal(.d04, "i8 without scale") { file in
      file.changeDictionary(of: "overlapping", stage: 1) { $0.scale = nil }
    },
    Refusal(.d04, "scale 0") { file in file.changeDictionary(of: "overlapping", stage: 1) { $0.scale = 0 } },
    Refusal(.d04, "negative scale") { file in
      file.changeDictionary(of: "overlapping", stage: 1) { $0.scale = -1 }
    },
    Refusal(.d04, "scale that is not a number") { file in
      file.changeDictionary(of: "overlapping", stage: 1) { $0.scale = .nan }
    },
    Refusal(.d05, "one motif more") { file in file.changeDictionary(of: "simple") { $0.motifCount = 6 } },
    Refusal(.d05, "overlapping instead of plain") { file in
      file.changeDictionary(of: "simple") { $0.motifLength = 8 }
    },
    Refusal(.d05, "antipodal instead of not") { file in
      file.changeDictionary(of: "flat") {
        $0.isAntipodal = true
        $0.motifCount = 4
      }
    },
  ]

  static let mosaics: [Refusal] = [
    Refusal(.m01, "i32") { file in file.change("simple") { $0.elementType = 6 } },
    Refusal(.m01, "no elements") { file in file.change("simple") { $0.dimensions = [0, 10] } },
    Refusal(.m02, "axis twice") { file in file.change("simple") { $0.permutation = [0, 0] } },
    Refusal(.m02, "axis missing") { file in file.change("simple") { $0.permutation = [0] } },
    Refusal(.m02, "axis beyond the rank") { file in file.change("simple") { $0.permutation = [0, .max] } },
    Refusal(.m02, "3 row axes of 2") { file in file.change("simple") { $0.rowAxes = 3 } },
    Refusal(.m03, "2^31 rows") { file in file.change("single") { $0.dimensions = [1 << 31, 4] } },
    Refusal(.m03, "2^31 columns") { file in file.change("single") { $0.dimensions = [1, 1 << 31] } },
    Refusal(.m03, "2^31 elements flat") { file in file.change("flat") { $0.dimensions = [1 << 16, 1 << 15] }
    },
    Refusal(.m04, "no parts") { file in file.change("simple") { $0.parts = [] } },
    Refusal(.m04, "4,097 parts") { file in
      file.change("single") { $0.parts = [PartRecord](repeating: $0.parts[0], count: 4097) }
    },
    Refusal(.m04, "no stages") { file in file.change("simple") { $0.parts[0].stages = [] } },
    Refusal(.m04, "9 stages") { file in
      file.change("single") { $0.parts[0].stages = [StageRecord](repeating: $0.parts[0].stages[0], count: 9) }
    },
    Refusal(.m05, "count without rows") { file in file.change("simple") { $0.parts[0].rowCount = 6 } },
    Refusal(.m05, "rows without count") { file in file.change("parts") { $0.parts[0].rowCount = nil } },
    Refusal(.m05, "other count than rows") { file in file.change("parts") { $0.parts[0].rowCount = 2 } },
    Refusal(.m05, "columns without count") { file in file.change("parts") { $0.parts[0].columnCount = 0 } },
    Refusal(.m05, "count whose bytes wrap around") { file in
      file.change("parts") { $0.parts[0].columnCount = 1 << 62 + 5 }
    },
    Refusal(.m05, "more rows than the matrix has") { file in
      let section = file.tensor("parts").parts[0].rowsSection
      file.replace(section: section, with: try littleEndian((0..<7).map { UInt32($0) }))
      file.change("parts") { $0.parts[0].rowCount = 7 }
    },
    Refusal(.m08, "flat with permutation") { file in file.change("flat") { $0.permutation = [0, 1] } },
    Refusal(.m08, "flat with row axes") { file in file.change("flat") { $0.rowAxes = 1 } },
    Refusal(.m08, "flat with row scale") { file in
      let section = file.addSection([0, 0, 128, 63])
      file.change("flat") { $0.parts[0].rowScaleSection = section }
    },
    Refusal(.m08, "flat with outliers") { file in file.change("flat") { $0.outlierCount = 1 } },
    Refusal(.m08, "flat with two parts") { file in file.change("flat") { $0.parts.append($0.parts[0]) } },
    Refusal(.m08, "flat with overlapping motifs") { file in
      let dictionary = file.tensor("overlapping").parts[0].stages[0].dictionary
      file.change("flat") { $0.parts[0].stages[0].dictionary = dictionary }
    },
    Refusal(.m09, "copy with a dictionary of another type") { file in
      file.change("copied") { $0.elementType = 1 }
    },
    Refusal(.m09, "copy with two stages") { file in
      file.change("copied") { $0.parts[0].stages.append($0.parts[0].stages[0]) }
    },
    Refusal(.m09, "copy with a column list") { file in
      let section = file.addSection(try littleEndian([0] as [UInt32]))
      file.change("copied") {
        $0.parts[0].columnsSection = section
        $0.parts[0].columnCount = 1
      }
    },
    Refusal(.m09, "copy with outliers") { file in
      let section = file.addSection([0, 0, 0, 0, 0, 0])
      file.change("copied") {
        $0.outlierSection = section
        $0.outlierCount = 1
      }
    },
    Refusal(.m10, "no mosaic") { file in file.change("simple") { $0.parts[0].stages[0].mosaicSection = nil }
    },
    Refusal(.m10, "mosaic of one motif") { file in
      let section = file.addSection([0])
      file.change("single") { $0.parts[0].stages[0].mosaicSection = section }
    },
    Refusal(.m10, "one row more") { file in file.change("flat") { $0.dimensions = [40] } },
    Refusal(.m11, "layout TILE_K256") { file in file.change("simple") { $0.parts[0].stages[0].layout = 1 } },
    Refusal(.m11, "layout SPARSE") { file in file.change("simple") { $0.parts[0].stages[0].layout = 4 } },
    Refusal(.m14, "row scale of bf16") { file in
      file.change("simple") { $0.parts[0].rowScaleElementType = 16 }
    },
    Refusal(.m14, "row scale without type") { file in
      file.change("simple") { $0.parts[0].rowScaleElementType = nil }
    },
    Refusal(.m14, "type without row scale") { file in
      file.change("single") { $0.parts[0].rowScaleElementType = 1 }
    },
    Refusal(.m14, "row scale of other length") { file in
      file.change("simple") { $0.parts[0].rowScaleElementType = 1 }
    },
    Refusal(.m16, "outliers without count") { file in file.change("simple") { $0.outlierCount = nil } },
    Refusal(.m16, "count without outliers") { file in file.change("single") { $0.outlierCount = 1 } },
    Refusal(.m16, "other count") { file in file.change("simple") { $0.outlierCount = 2 } },
    Refusal(.m16, "count that wraps around") { file in
      // 6 * (2^63 + 3) = 18 modulo 2^64, the section's size.
      file.change("simple") { $0.outlierCount = 1 << 63 + 3 }
    },
  ]

  @Test(arguments: tensors + dictionaries + mosaics)
  func brokenTensorIsRefused(refusal: Refusal) throws { try refusal.check() }

  @Test func zeroMeansAbsentInCountsAndNumbers() throws {
    var file = try ForgedFile(try SampleModel.bytes())
    file.change("single") {
      $0.parts[0].rowsSection = 0
      $0.parts[0].rowCount = 0
      $0.parts[0].columnsSection = 0
      $0.parts[0].columnCount = 0
      $0.parts[0].rowScaleSection = 0
      $0.parts[0].stages[0].mosaicSection = 0
      $0.outlierSection = 0
      $0.outlierCount = 0
    }
    file.change("flat") { $0.rowAxes = 0 }
    file.change("empty") {
      $0.section = 0
      $0.aliasOf = 0
      $0.blocking = 0
      $0.rowAxes = 0
    }
    try MomosReader(try file.bytes()).checkAll()
  }
}
