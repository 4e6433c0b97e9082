import FoundationEssentials
import Momos
import MomosModel
import MomosTestSupport
import Testing

/// What an inspection tells about a converted file.
struct InspectionTests {
  private func makeConversion(compresses: Bool = true) throws -> TestConversion {
    let conversion = try TestConversion([
      "a": try .normal(64, 64), "b": try .normal(100, elementType: .float16),
      "c": try .repeatingBlocks(rows: 64, blocksPerRow: 16),
    ])
    try conversion.convert {
      $0.fit.motifs = .count(16)
      $0.fit.stageCount = 2
      $0.fit.seed = 7
      $0.compresses = compresses
      $0.densePatterns = ["b"]
    }
    return conversion
  }

  @Test func formsAndBitsOfEveryTensor() throws {
    let report = try makeConversion(compresses: false).inspect()
    #expect(report.tensors.map(\.kind) == ["mosaic", "dense", "mosaic"])
    #expect(report.tensors.map(\.form) == ["s4k16 + s4k16", nil, "exact s4k8"])
    // Two stages of 4 bits for 4 weights, a row scale of 16 bits for 64 weights, and two dictionaries of 8 stored motifs
    // of 4 weights of 16 bits for 4096 weights.
    #expect(report.tensors[0].bits == 2 + 0.25 + 0.25)
    #expect(report.tensors[1].bits == 16)
    // 3 bits for 4 weights, and 8 motifs of 4 weights of 32 bits for 4096 weights.
    #expect(report.tensors[2].bits == 0.75 + 0.25)
    #expect(report.bits == (2.5 + 1) / 2)
    #expect(report.loadedBits == report.bits)
    #expect(report.sourceByteCount == 4096 * 4 + 200 + 4096 * 4)
  }

  @Test func compressionShowsInTheFileAndNotWhenLoaded() throws {
    let conversion = try makeConversion()
    let report = try conversion.inspect()
    #expect(try conversion.folder.bytes(of: "model.momos").count == report.fileByteCount)
    #expect(report.loadedBits == (2.5 + 1) / 2)
    let bits = try #require(report.bits)
    #expect(bits < (2.5 + 1) / 2)
  }

  @Test func provenanceTellsWhatDecidedTheBytes() throws {
    let provenance = try makeConversion().inspect().provenance
    #expect(provenance.toolVersion == momosVersion && provenance.seed == 7)
    let options = Dictionary(uniqueKeysWithValues: provenance.options.map { ($0.name, $0.value) })
    #expect(options["stages"] == "2" && options["motifs"] == "16" && options["dense"] == "b")
    #expect(options["threads"] == nil)
    #expect(provenance.tensors.map(\.className) == ["s4k16x2", "dense", "exact s4k8"])
  }

  @Test func extractedFilesHoldTheReconstructedTensors() throws {
    let conversion = try makeConversion()
    let inspection = try Inspection(path: conversion.file)
    try inspection.extract([("a", conversion.folder.file("a1.npy")), ("b", conversion.folder.file("b1.npy"))])
    let tensor = try NPYFixture.tensor(
      at: URL(filePath: conversion.folder.file("a1.npy")), elementType: .float32)
    #expect(try tensor == conversion.dense("a"))
    let half = try NPYFixture.tensor(
      at: URL(filePath: conversion.folder.file("b1.npy")), elementType: .float16)
    #expect(try half == Tensor.normal(100, elementType: .float16))
  }

  @Test func namesCannotSteerATerminal() throws {
    let folder = try TestFolder()
    try NPYFixture.write(.normal(3), to: folder.file("b.npy"))
    var options = ConversionOptions(
      sources: ["a\u{1B}[31m\nb=" + folder.file("b.npy")], output: folder.file("model.momos"))
    options.threadCount = 1
    let conversion = try Conversion(options)
    let report = try conversion.run(conversion.plan())
    #expect(report.text.contains("a\\u{1B}[31m\\nb"))
    #expect(
      try Inspection(path: folder.file("model.momos")).report().tensorText.contains("\\u{1B}[31m\\nb"))
  }

  @Test func aFolderIsNoOutput() throws {
    let conversion = try makeConversion()
    let target = try conversion.folder.folder("target")
    let inspection = try Inspection(path: conversion.file)
    #expect(throws: MomosError(.usage, "the output '\(target)' is a folder; name a file in it")) {
      try inspection.extract([("a", target)], overwrites: true)
    }
  }

  @Test func nothingIsExtractedIfOneTensorIsMissing() throws {
    let conversion = try makeConversion()
    let names = conversion.folder.names
    let inspection = try Inspection(path: conversion.file)
    #expect(throws: MomosError.self) {
      try inspection.extract([
        ("a", conversion.folder.file("a1.npy")), ("z", conversion.folder.file("z.npy")),
      ])
    }
    #expect(conversion.folder.names == names)
  }

  @Test func damagedWeightsAreFoundByTheFullCheckAlone() throws {
    let conversion = try makeConversion(compresses: false)
    var bytes = try conversion.folder.bytes(of: "model.momos")
    bytes[64] ^= 1
    try conversion.folder.write(bytes, to: "model.momos")
    let inspection = try Inspection(path: conversion.file)
    #expect(try !inspection.report().isChecked)
    #expect {
      try inspection.report(checksAll: true)
    } throws: { error in
      (error as? MomosError)?.kind == .badData && "\(error)".contains(conversion.file)
    }
  }
}
