import Momos
import MomosModel
import Testing

/// What each option of a conversion decides.
struct ConversionOptionsTests {
  @Test func ownDictionariesAreCloserThanASharedOne() throws {
    let conversion = try TestConversion([
      "a": try .normal(64, 64, seed: 1), "b": try .normal(64, 64, seed: 2),
    ])
    let shared = try conversion.convert { $0.fit.motifs = .count(256) }
    #expect(try conversion.inspect().dictionaries.count == 1)
    let own = try conversion.convert {
      $0.fit.motifs = .count(256)
      $0.fit.dictionaryScope = .tensor
    }
    #expect(try conversion.inspect().dictionaries.count == 2)
    for name in ["a", "b"] {
      let sharedError = try #require(shared.tensor(name)?.relativeError)
      let ownError = try #require(own.tensor(name)?.relativeError)
      #expect(ownError < sharedError)
    }
  }

  @Test func secondStageReducesTheError() throws {
    let conversion = try TestConversion(["w": try .normal(96, 64)])
    var errors: [Double] = []
    for stageCount in 1...3 {
      let report = try conversion.convert {
        $0.fit.motifs = .count(32)
        $0.fit.stageCount = stageCount
      }
      #expect(report.tensor("w")?.className == "s4k32" + (stageCount > 1 ? "x\(stageCount)" : ""))
      errors.append(try #require(report.tensor("w")?.relativeError))
      #expect(try conversion.verify().hasPassed)
    }
    #expect(errors[1] < 0.9 * errors[0] && errors[2] < 0.9 * errors[1])
  }

  @Test func densePatternsMatchWholeNames() throws {
    let conversion = try TestConversion([
      "head": try .normal(64, 64), "head2": try .normal(64, 64, seed: 2),
      "body": try .normal(64, 64, seed: 3),
    ])
    let report = try conversion.convert {
      $0.densePatterns = ["head", "b.*"]
      $0.fit.motifs = .count(16)
    }
    #expect(report.tensor("head")?.reason == "--dense")
    #expect(report.tensor("body")?.reason == "--dense")
    #expect(report.tensor("head2")?.className == "s4k16")
  }

  @Test func equalTensorsAreStoredOnce() throws {
    let tensor = try Tensor.normal(64, 64)
    let other = try Tensor.normal(64, 64, seed: 2)
    let conversion = try TestConversion(["first": tensor, "other": other, "same": tensor, "dense": tensor])
    let report = try conversion.convert { $0.densePatterns = ["dense"] }
    #expect(report.tensor("same")?.className == "alias")
    #expect(report.tensor("same")?.reason == "has the weights of first")
    #expect(report.tensor("dense")?.className == "dense")
    #expect(report.sourceByteCount == 4 * 64 * 64 * 4)
    #expect(try conversion.dense("same") == conversion.dense("first"))
    #expect(try conversion.dense("dense") == tensor)
    let preview = try conversion.preview {
      $0.densePatterns = ["dense"]
      $0.compresses = false
    }
    let written = try conversion.convert {
      $0.densePatterns = ["dense"]
      $0.compresses = false
    }
    #expect(preview.fileByteCount == written.fileByteCount)
    #expect(try conversion.verify().hasPassed)
  }

  /// A small tensor takes no more bytes than a reference to another.
  @Test func smallEqualTensorsStayApart() throws {
    let conversion = try TestConversion(["a": try .normal(4), "b": try .normal(4)])
    #expect(try conversion.convert().tensors.map(\.className) == ["dense", "dense"])
  }

  @Test func inputAxisDecidesAlongWhichDimensionBlocksLie() throws {
    // Its transpose [48, 32] has few distinct blocks along the rows.
    let transposed = try Tensor.repeatingBlocks(rows: 48, blocksPerRow: 8)
    let tensor = try transposed.transposed([1, 0])
    let conversion = try TestConversion(["w": tensor])
    let first = try conversion.convert { $0.inputAxis = .first }
    #expect(first.tensor("w")?.className == "exact s4k8")
    #expect(try conversion.inspect().tensor("w")?.matrixShape == [48, 32])
    #expect(try conversion.dense("w") == tensor)
    #expect(try conversion.verify().hasPassed)

    let multiplier = try TensorMultiplier(path: conversion.file, tensor: "w")
    #expect(multiplier.rows == 48 && multiplier.columns == 32)
    let last = try conversion.convert { $0.fit.motifs = .count(64) }
    #expect(last.tensor("w")?.className == "s4k64")
    #expect(try conversion.inspect().tensor("w")?.matrixShape == [32, 48])
  }

  /// k = max(1, min(floor(capacity * blocks), blocks)), arXiv 2602.14896.
  @Test(arguments: [(0.05, 80), (0.0512, 81), (0.000001, 1), (0.25, 400)])
  func capacityIsTheShareOfMotifsInBlocks(capacity: Double, motifCount: Int) throws {
    // 100 rows of 16 blocks.
    let conversion = try TestConversion(["w": try .normal(100, 64)])
    let report = try conversion.preview { $0.fit.motifs = .capacity(capacity) }
    #expect(report.tensor("w")?.className == "s4k\(motifCount)")
  }

  @Test func capacityCountsTheBlocksOfAllTensorsThatShareADictionary() throws {
    let conversion = try TestConversion(["a": try .normal(100, 64), "b": try .normal(50, 64, seed: 2)])
    let shared = try conversion.preview { $0.fit.motifs = .capacity(0.05) }
    #expect(shared.tensors.map(\.className) == ["s4k120", "s4k120"])
    let own = try conversion.preview {
      $0.fit.motifs = .capacity(0.05)
      $0.fit.dictionaryScope = .tensor
    }
    #expect(own.tensors.map(\.className) == ["s4k80", "s4k40"])
  }

  @Test func rowScalesHelpRowsOfDifferentSize() throws {
    var values = try Tensor.normal(64, 64).floats()
    for position in values.indices { values[position] *= Float(1 + position / 64) }
    let conversion = try TestConversion(["w": try Tensor(values, shape: Shape([64, 64]))])
    let scaled = try conversion.convert { $0.fit.motifs = .count(32) }
    let unscaled = try conversion.convert {
      $0.fit.motifs = .count(32)
      $0.fit.hasRowScale = false
    }
    let scaledError = try #require(scaled.tensor("w")?.relativeError)
    let unscaledError = try #require(unscaled.tensor("w")?.relativeError)
    #expect(scaledError < unscaledError)
    #expect(try conversion.verify().hasPassed)
  }

  @Test func zeroMotifIsKeptUnlessUnwanted() throws {
    let conversion = try TestConversion(["w": try .normal(64, 64)])
    try conversion.convert { $0.fit.motifs = .count(32) }
    #expect(try conversion.inspect().dictionaries.map(\.hasZeroMotif) == [true])
    try conversion.convert {
      $0.fit.motifs = .count(32)
      $0.fit.hasZeroMotif = false
    }
    #expect(try conversion.inspect().dictionaries.map(\.hasZeroMotif) == [false])
  }
}
