import Momos
import MomosModel
import MomosTestSupport
import Testing

/// A verification passes for what a conversion wrote and for nothing else.
struct VerificationTests {
  /// A small file with a mosaic, an exact and a dense tensor.
  private func makeConversion() throws -> TestConversion {
    let conversion = try TestConversion([
      "fitted": try .normal(32, 16), "exact": try .repeatingBlocks(rows: 16, blocksPerRow: 8),
      "dense": try .normal(5),
    ])
    let report = try conversion.convert {
      $0.fit.motifs = .count(8)
      $0.compresses = false
    }
    #expect(report.tensors.map(\.className) == ["s4k8", "exact s4k8", "dense"])
    return conversion
  }

  /// True if the file is refused, or found not to be what was converted.
  private func fails(_ conversion: TestConversion) -> Bool {
    (try? conversion.verify().hasPassed) != true
  }

  @Test func everyChangedByteOfTheFileFails() throws {
    let conversion = try makeConversion()
    #expect(try conversion.verify().hasPassed)
    var bytes = try conversion.folder.bytes(of: "model.momos")
    for position in bytes.indices {
      bytes[position] ^= 1 << (position % 8)
      try conversion.folder.write(bytes, to: "model.momos")
      #expect(fails(conversion), "byte \(position)")
      bytes[position] ^= 1 << (position % 8)
    }
  }

  @Test(arguments: ["fitted", "exact", "dense"])
  func everyChangedByteOfASourceFails(name: String) throws {
    let conversion = try makeConversion()
    var bytes = try conversion.folder.bytes(of: name + ".npy")
    // The header of these files takes 128 bytes.
    for position in bytes.indices.dropFirst(128) {
      bytes[position] ^= 1
      try conversion.folder.write(bytes, to: name + ".npy")
      #expect(fails(conversion), "byte \(position)")
      bytes[position] ^= 1
    }
    try conversion.folder.write(bytes, to: name + ".npy")
    #expect(try conversion.verify().hasPassed)
  }

  @Test(arguments: [("target", true), ("other", false)])
  func anAliasIsComparedWithTheSourcesTensorOfItsName(copied: String, passes: Bool) throws {
    let folder = try TestFolder()
    let file = fixtureFolder("valid") + "/alias.momos"
    let tensors = try Inspection(path: file).report().tensors
    let alias = try #require(tensors.first { $0.name == "fitted-alias" && $0.kind == "alias" })
    for tensor in tensors {
      var values = try Inspection(path: file).dense(tensor.name)
      if tensor.name == alias.name && copied == "other" {
        values = try Tensor(values.floats().map { $0 + 1 }, shape: values.shape)
      }
      try NPYFixture.write(values, to: folder.file(tensor.name + ".npy"))
    }
    var options = VerificationOptions(file: file)
    options.sources = tensors.map { folder.file($0.name + ".npy") }
    options.maximumRelativeError = 1e-6
    #expect(try Verification(options).run().hasPassed == passes)
  }

  @Test func thresholdAcceptsAnotherSource() throws {
    let conversion = try makeConversion()
    var values = try Tensor.normal(32, 16).floats()
    values[0] += 0.01
    try NPYFixture.write(
      Tensor(values, shape: Shape([32, 16])), to: conversion.folder.file("fitted.npy"))
    #expect(try conversion.verify().failures.count == 1)
    let report = try conversion.verify { $0.minimumCosine = 0.5 }
    #expect(report.hasPassed)
    #expect(report.tensors.map(\.isRecordedSource) == [false, true, true])
  }

  @Test func equalTensorsReachEveryThreshold() throws {
    let conversion = try TestConversion(["w": try .normal(7, 11), "b": try .normal(1000, seed: 3)])
    try conversion.convert()
    let report = try conversion.verify {
      $0.minimumCosine = 1
      $0.maximumRelativeError = 0
      $0.minimumSNR = .infinity
    }
    #expect(report.hasPassed)
  }

  /// Two stages of 60000 are more than float16 holds, which is infinite then, of a file that records no error.
  @Test func infiniteWeightsOfAFiniteSourceFail() throws {
    let folder = try TestFolder()
    let motif = [Float](repeating: 60_000, count: 4)
    let stage = Stage(
      dictionary: MotifDictionary(
        motifCount: 1, blockLength: 4, elementType: .float32, values: try Bytes(copying: motif)),
      mosaic: Mosaic(
        rowCount: 2, blockCount: 1, blockLength: 4, indexWidth: 0, layout: .rowMajor, bytes: Bytes()))
    let writer = try MomosWriter(path: folder.file("w.momos"))
    try writer.write(
      name: "w",
      mosaic: MosaicTensor(
        elementType: .float16, shape: Shape([2, 4]), view: .lastAxisIsInput(rank: 2),
        parts: [MosaicPart(stages: [stage, stage])]))
    _ = try writer.finish()
    let values = try Tensor(
      rounding: [Float](repeating: 60_000, count: 8), to: .float16, shape: Shape([2, 4]))
    try NPYFixture.write(values, to: folder.file("w.npy"))
    var options = VerificationOptions(file: folder.file("w.momos"))
    options.sources = [folder.file("w.npy")]
    let report = try Verification(options).run()
    #expect(report.failures.contains { $0.contains("'w'") && $0.contains("inf") })
    #expect(!report.hasPassed)
  }

  @Test func everyThresholdCanFail() throws {
    let conversion = try makeConversion()
    let changes: [(inout VerificationOptions) -> Void] = [
      { $0.minimumCosine = 0.9999 }, { $0.maximumRelativeError = 0.0001 }, { $0.minimumSNR = 80 },
    ]
    for change in changes {
      let report = try conversion.verify(change)
      #expect(!report.hasPassed)
      #expect(report.failures.count == 1 && report.failures[0].hasPrefix("tensor 'fitted':"))
    }
  }

  @Test func sourcesMustHoldTheTensorsOfTheFile() throws {
    let conversion = try makeConversion()
    #expect(throws: MomosError(.badData, "the sources lack the tensor 'dense' of '\(conversion.file)'")) {
      try conversion.verify { $0.sources.removeLast() }
    }
    let other = conversion.folder.file("other.npy")
    try NPYFixture.write(.normal(2), to: other)
    #expect(throws: MomosError(.badData, "'\(conversion.file)' lacks the source's tensor 'other'")) {
      try conversion.verify { $0.sources.append(other) }
    }
  }

  @Test func shapesMustAgree() throws {
    let conversion = try makeConversion()
    try NPYFixture.write(.normal(6), to: conversion.folder.file("dense.npy"))
    #expect(throws: MomosError.self) { try conversion.verify() }
  }

  @Test func withoutSourceTheFileIsComparedWithItself() throws {
    let conversion = try makeConversion()
    let report = try conversion.verify { $0.sources = [] }
    #expect(report.hasPassed)
    #expect(report.tensors.allSatisfy { $0.againstSource == nil && $0.isRecordedSource == nil })
    #expect(report.tensors.map { $0.executedAgainstReconstructed == nil } == [false, false, true])
  }

  @Test func nonfiniteTensorsVerifyIfTheyWereAllowed() throws {
    let tensor = try Tensor([1, .nan, -.infinity, 4], shape: Shape([2, 2]))
    let conversion = try TestConversion(["w": tensor])
    #expect(throws: MomosError.self) { try conversion.convert() }
    let report = try conversion.convert { $0.fit.allowsNonfinite = true }
    #expect(report.tensor("w")?.reason == "contains NaN or infinity")
    #expect(try conversion.dense("w") == tensor)
    #expect(try conversion.verify().hasPassed)
  }
}
