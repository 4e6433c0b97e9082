import Momos
import MomosModel
import MomosTestSupport
import Testing

/// Tables whose rows a graph looks up.
struct EmbeddingConversionTests {
  private func graph(_ nodes: String) -> [UInt8] {
    Array(
      """
      {"operator_sets": [{"version": 13}], "graphs": [{"inputs": [{"name": "ids", "element_type": "i64"}],
      "outputs": [{"name": "e"}, {"name": "y"}], "nodes": [\(nodes)]}]}
      """.utf8)
  }

  private func conversion(rows: Int, _ nodes: String) throws -> (TestConversion, ConversionReport) {
    let conversion = try TestConversion(["table": .normal(rows, 16)])
    try conversion.folder.write(graph(nodes), to: "graph.json")
    let report = try conversion.convert {
      $0.graph = conversion.folder.file("graph.json")
      $0.fit.motifs = .count(16)
    }
    return (conversion, report)
  }

  private static let lookup = #"{"operator": "Gather", "inputs": ["table", "ids"], "outputs": ["e"]}"#

  @Test func tiedTableIsOneMosaicLookedUpAndMultipliedTransposed() throws {
    let (conversion, report) = try conversion(
      rows: 300,
      Self.lookup + """
        , {"operator": "Transpose", "inputs": ["table"], "outputs": ["t"]},
        {"operator": "MatMul", "inputs": ["e", "t"], "outputs": ["y"]}
        """)
    #expect(report.tensor("table")?.className == "s4k16")
    #expect(report.tensors.count == 1)
    let outputs = try Session(path: conversion.file).run([
      "ids": try Tensor([299, 0, -2] as [Int64], shape: Shape(vector: 3))
    ])
    let table = try conversion.dense("table").floats()
    let rows = [299, 0, 298].map { Array(table[$0 * 16..<$0 * 16 + 16]) }
    #expect(outputs["e"]?.floats() == rows.flatMap { $0 })
    let products = try #require(outputs["y"]).floats()
    #expect(products.count == 900)
    for (number, row) in rows.enumerated() {
      for column in 0..<300 {
        let expected = zip(row, table[column * 16..<column * 16 + 16]).reduce(0) { $0 + $1.0 * $1.1 }
        // Class fast: a relative error below 5e-4 of the whole.
        #expect(abs(products[number * 300 + column] - expected) <= 0.02)
      }
    }
  }

  @Test func tableOfFewRowsStaysDense() throws {
    let (_, report) = try conversion(
      rows: 127, Self.lookup + #", {"operator": "Relu", "inputs": ["e"], "outputs": ["y"]}"#)
    #expect(
      report.tensor("table")?.reason == "is a table of fewer than 128 rows, input 0 of Gather node of \"e\"")
  }
}
