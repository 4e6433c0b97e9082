import Momos
import MomosFit
import MomosModel
import MomosTestSupport
import Testing

struct DecompositionTests {
  /// Two parts of 64 x 64 that lie scattered: even rows with columns below 64, odd rows with the others; noise of
  /// standard deviation .01 elsewhere.
  private func planted() throws -> Tensor {
    var generator = SeededGenerator(seed: 11)
    let weights = (0..<128 * 128).map { position in
      let (row, column) = (position / 128, position % 128)
      let isPlanted = row.isMultiple(of: 2) == (column < 64)
      return Float((isPlanted ? 0.05 : 0.01) * generator.nextNormal())
    }
    return try Tensor(weights, shape: Shape(rows: 128, columns: 128))
  }

  private func decomposition(_ initialization: InitializationRule?) -> DecompositionOptions {
    var options = DecompositionOptions()
    options.initialization = initialization
    return options
  }

  @Test func plantedPartsAreStoredAsParts() throws {
    let source = try planted()
    let conversion = try TestConversion(["w": source])
    try conversion.convert { $0.decomposition = decomposition(.normal(0.01)) }
    let report = try Inspection(path: conversion.file).decomposition()
    let tensor = try #require(report.tensors.first)
    #expect(tensor.parts.map(\.rowCount) == [64, 64])
    #expect(tensor.parts.map(\.columnCount) == [64, 64])
    #expect(tensor.annealedShare >= 0.5)
    // What lies across the parts is zero, the rest within the error of 2 bits a weight (12 dB) of what it was.
    let (weights, stored) = (source.floats(), try conversion.dense("w").floats())
    var (errors, squares) = (0.0, 0.0)
    for (position, (weight, value)) in zip(weights, stored).enumerated() {
      guard (position / 128).isMultiple(of: 2) == (position % 128 < 64) else {
        #expect(value == 0)
        continue
      }
      errors += Double((weight - value) * (weight - value))
      squares += Double(weight * weight)
    }
    #expect(errors < 0.15 * squares)
  }

  @Test func noiseIsAnnealedToTheLevel() throws {
    let conversion = try TestConversion(["w": try .normal(256, 256)])
    try conversion.convert { $0.decomposition = decomposition(.normal(1)) }
    let report = try Inspection(path: conversion.file).decomposition()
    let tensor = try #require(report.tensors.first)
    #expect(tensor.parts.count == 1)
    // 16,384 blocks at level .01: the standard error is .0008.
    #expect(abs(tensor.annealedShare - 0.99) < 0.003)
    let zeros = try conversion.dense("w").floats().count { $0 == 0 }
    #expect(abs(Double(zeros) / 65_536 - tensor.annealedShare) < 1e-9)
  }

  @Test func initialWeightsSayHowWeightsWereDrawn() throws {
    let initial = try TestConversion(["w": try .normal(64, 64, seed: 2)])
    let conversion = try TestConversion(["w": try .normal(64, 64, seed: 3)])
    let options = conversion.options {
      $0.decomposition = DecompositionOptions()
      $0.decomposition?.initialWeights = initial.sources
    }
    let plan = try Conversion(options).plan()
    let found = try #require(plan.decompositions.first)
    #expect(found.distribution.origin == .initialWeights)
    #expect(abs(found.distribution.standardDeviation - 1) < 0.05)
  }

  @Test func initialWeightsOfAnotherShapeAreRefused() throws {
    let initial = try TestConversion(["w": try .normal(64, 32)])
    let conversion = try TestConversion(["w": try .normal(64, 64)])
    let options = conversion.options {
      $0.decomposition = DecompositionOptions()
      $0.decomposition?.initialWeights = initial.sources
    }
    #expect(throws: MomosError.self) { try Conversion(options).plan() }
  }

  @Test(arguments: [0, 1, -1, Double.nan])
  func levelsOutOfRangeAreRefused(level: Double) throws {
    let conversion = try TestConversion(["w": try .normal(64, 64)])
    let options = conversion.options {
      $0.decomposition = DecompositionOptions()
      $0.decomposition?.level = level
    }
    #expect(throws: MomosError.self) { try Conversion(options).plan() }
  }
}
