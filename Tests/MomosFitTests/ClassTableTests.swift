import Glibc
import MomosFit
import Testing

struct ClassTableTests {
  private func names(_ entries: [ClassTable.Entry]) -> [String] { entries.map(\.form.description) }

  @Test func productsExecuteOnTheFastKernels() {
    #expect(
      names(ClassTable().products) == [
        "s16k256", "s8k64", "s8k256", "overlapping s4k64", "overlapping s4k256", "overlapping s2k64",
        "overlapping s2k256", "overlapping s2k256 + s4k256", "overlapping s2k256 + s2k256", "dense",
      ])
    #expect(ClassTable().products.map(\.bits) == [0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 16])
  }

  @Test func tablesOfRowsTakeIndicesOfAnyWidth() {
    #expect(
      names(ClassTable().tables) == [
        "s16k256", "s8k64", "s8k256", "overlapping s4k32", "overlapping s4k64", "overlapping s4k128",
        "overlapping s4k256", "overlapping s2k32", "overlapping s2k64", "overlapping s2k128",
        "overlapping s2k256", "overlapping s2k256 + s4k256", "overlapping s2k256 + s2k256",
      ])
    #expect(
      ClassTable().tables.map(\.bits) == [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 6, 8])
  }

  @Test func filtersKeepOneKindOfMotifs() {
    #expect(
      names(ClassTable(filter: .plain).products) == [
        "s16k256", "s8k64", "s8k256", "s4k64", "s4k256", "s2k64", "s2k256", "dense",
      ])
    let overlapping = ClassTable(filter: .overlapping)
    for entry in overlapping.products.dropLast() + overlapping.tables {
      #expect(entry.form.fitClass?.stages[0].isOverlapping == true)
    }
  }

  @Test func largeDictionariesOnlyForAccuracy() {
    let motifCounts = { (table: ClassTable) in
      (table.products + table.tables).compactMap { $0.form.fitClass?.stages[0].motifCount }.max()
    }
    #expect(motifCounts(ClassTable()) == 256)
    #expect(motifCounts(ClassTable(preference: .accuracy)) == 4096)
  }

  // tools/models/rates: overlapping s4k256 reaches 10.99 dB, s8k256 4.84 dB.
  @Test func distortionsAreThoseOfTheMeasuredNoise() throws {
    func distortion(_ fitClass: FitClass) throws -> Double {
      try #require(ClassTable().products.first { $0.form == .motifs(fitClass) }).distortion
    }
    #expect(abs(try distortion(.overlapping(4, 256)) - 0.079616) < 1e-6)
    #expect(abs(try distortion(.plain(8, 256)) - 0.328095) < 1e-6)
  }

  // No code does better than 6.02 dB for a bit on normal numbers; real weights are a little more regular.
  @Test(arguments: [ClassTable.Preference.speed, .accuracy])
  func eachFormLosesLessThanThoseOfFewerBits(preference: ClassTable.Preference) {
    let table = ClassTable(preference: preference)
    for entries in [table.products, table.tables] {
      for (first, second) in zip(entries, entries.dropFirst()) where second.bits > first.bits {
        #expect(second.distortion < first.distortion)
      }
      for entry in entries { #expect(-10 * log10(entry.distortion) < 6.03 * entry.bits) }
    }
  }
}

struct FitClassParsingTests {
  @Test(arguments: [
    "s4k256", "overlapping s4k256", "s8k256 + s4k16", "s8k256x2", "overlapping s4k256 + s4k256", "s64k65536",
    "s1k1",
    "s3k7",
  ])
  func aDescriptionParsesToItsClass(name: String) throws {
    #expect(try #require(FitClass(parsing: name)).description == name)
  }

  @Test func evenCountsAreAntipodal() {
    #expect(FitClass(parsing: "s4k256") == .plain(4, 256))
    #expect(FitClass(parsing: "overlapping s2k64") == .overlapping(2, 64))
    #expect(FitClass(parsing: "s4k17") == .plain(4, 17, isAntipodal: false))
  }

  @Test(arguments: [
    "overlapping s4k256x2", "", "s4", "k256", "s4k", "sk256", "4k256", "s4k256 ", " s4k256", "s04k256",
    "s+4k256", "s-4k256", "s4k0",
    "s0k4",
    "s65k4", "s4k65537", "S4K256", "s4k256x1", "s4k256x0", "s4k256x9", "s4k256 + s4k256", "s4k256+s4k16",
    "s4k256 + ", "overlapping", "overlapping ", "overlapping overlapping s4k256", "s4k256x2x2",
    "s99999999999999999999k2", "dense", "s4k256 + overlapping s2k64",
  ])
  func otherTextIsNoClass(name: String) {
    #expect(FitClass(parsing: name) == nil)
  }
}
