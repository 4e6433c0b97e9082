import FoundationEssentials
import Momos
import MomosModel
import MomosTestSupport
import Testing

/// ONNX models converted and executed, against numpy: fixtures/sources/onnx/folding.
struct ONNXConversionTests {
  private static let folder = Fixtures.path + "/sources/onnx/folding"

  private let conversion: TestConversion

  init() throws {
    conversion = try TestConversion([:])
  }

  private func convert(_ change: (inout ConversionOptions) -> Void = { _ in }) throws -> ConversionReport {
    try conversion.convert {
      $0.sources = [Self.folder + "/model.onnx"]
      $0.fit.motifs = .count(16)
      change(&$0)
    }
  }

  private func tensor(_ name: String) throws -> Tensor {
    try NPYFixture.tensor(at: URL(filePath: "\(Self.folder)/\(name).npy"), elementType: .float32)
  }

  @Test func denseModelExecutesAsNumpySays() throws {
    let report = try convert { $0.densePatterns = [".*"] }
    #expect(report.tensors.allSatisfy { ["dense", "alias", "dropped"].contains($0.className) })
    let outputs = try Session(path: conversion.file).run(["x": try tensor("x")])
    let found = try #require(outputs["y"]).floats()
    let expected = try tensor("y").floats()
    // Three products over 64 terms each, in float32: far below 64 * 3 roundings of the largest value.
    let bound = 64 * 3 * Float.ulpOfOne * expected.map(\.magnitude).reduce(0, max)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= bound })
    #expect(outputs["constant"]?.floats() == [1])
  }

  @Test func constantChainsAreFoldedAndStored() throws {
    let report = try convert()
    #expect(report.tensor("turned")?.className == "s4k16")
    #expect(report.tensor("second")?.className == "s4k16")
    #expect(report.tensor("tied")?.className == "alias")
    #expect(report.tensor("raised")?.reason == "is input 1 of Add node of \"y\"")
    #expect(report.tensor("spare")?.className == "dropped")
    for name in ["first", "bias", "flat", "same", "shape", "turned twice"] {
      #expect(report.tensor(name) == nil)
    }
    let first = try Inspection(path: conversion.file).report()
    #expect(first.tensors.map(\.name) == ["second", "one", "turned", "raised", "tied"])
  }

  @Test func convertedModelVerifiesAgainstItsSource() throws {
    _ = try convert()
    let report = try conversion.verify { $0.sources = [Self.folder + "/model.onnx"] }
    #expect(report.hasPassed)
    #expect(report.tensors.count == 5)
  }

  /// Indices 199, 0 and 198 of a table, times the transpose that the exporter stored once more.
  @Test(arguments: [true, false])
  func transposedTableIsStoredOnce(_ isDense: Bool) throws {
    let folder = Fixtures.path + "/sources/onnx/tied"
    func expected(_ name: String) throws -> [Float] {
      try NPYFixture.tensor(at: URL(filePath: "\(folder)/\(name).npy"), elementType: .float32).floats()
    }
    let report = try convert {
      $0.sources = [folder + "/model.onnx"]
      if isDense { $0.densePatterns = [".*"] }
    }
    #expect(report.tensors.map(\.name) == ["table"])
    #expect(report.tensor("table")?.className == (isDense ? "dense" : "s4k16"))
    let outputs = try Session(path: conversion.file).run([
      "ids": try Tensor([199, 0, 198] as [Int64], shape: Shape(vector: 3))
    ])
    let products = try #require(outputs["y"]).floats()
    #expect(products.count == 600)
    if isDense {
      #expect(try outputs["e"]?.floats() == expected("e"))
      for (found, wanted) in zip(products, try expected("y")) { #expect(abs(found - wanted) <= 1e-4) }
    } else {
      let table = try conversion.dense("table").floats()
      for number in 0..<3 {
        let row = [199, 0, 198][number]
        for column in 0..<200 {
          let wanted = (0..<16).reduce(Float(0)) { $0 + table[row * 16 + $1] * table[column * 16 + $1] }
          // Class fast: a relative error below 5e-4 of the whole.
          #expect(abs(products[number * 200 + column] - wanted) <= 0.02)
        }
      }
    }
  }

  @Test func graphOfItsOwnFileReplacesTheModels() throws {
    let graph = """
      {"operator_sets": [{"version": 13}], "graphs": [{"inputs": [{"name": "x"}], "outputs": [{"name": "z"}],
      "nodes": [{"operator": "MatMul", "inputs": ["x", "first"], "outputs": ["z"]}]}]}
      """
    try conversion.folder.write(Array(graph.utf8), to: "graph.json")
    let report = try convert { $0.graph = conversion.folder.file("graph.json") }
    #expect(report.tensor("first")?.className == "s4k16")
    #expect(report.tensor("bias")?.reason == "is not used by the graph")
  }

  @Test func modelIsNeverOverwritten() throws {
    for output in ["external/model.onnx", "external/data.bin"] {
      let folder = Fixtures.path + "/sources/onnx"
      var options = ConversionOptions(
        sources: [folder + "/external/model.onnx"], output: "\(folder)/\(output)")
      options.overwrites = true
      let error = #expect(throws: MomosError.self) { try Conversion(options) }
      #expect(error?.description.contains("also an input") == true)
    }
  }
}
