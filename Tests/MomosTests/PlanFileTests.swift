import Momos
import MomosModel
import MomosTestSupport
import Testing

/// Plans that are saved, edited and taken again.
struct PlanFileTests {
  private func conversion() throws -> TestConversion {
    try TestConversion([
      "a": try .normal(128, 128, seed: 1), "b": try .normal(128, 64, seed: 2),
      "bias": try .normal(128, seed: 3),
    ])
  }

  /// The plan file with these entries.
  private func write(_ entries: String..., to conversion: TestConversion) throws {
    let text = #"{"momos_plan": 1, "tensors": [\#(entries.joined(separator: ", "))]}"#
    try conversion.folder.write(Array(text.utf8), to: "plan.json")
  }

  private let a = #"{"name": "a", "class": "s8k256"}"#
  private let b = #"{"name": "b", "class": "dense"}"#
  private let bias = #"{"name": "bias", "class": "dense", "reason": "is not a matrix"}"#

  @Test func aSavedPlanLeadsToTheSameFile() throws {
    let conversion = try conversion()
    let plan = conversion.folder.file("plan.json")
    let saved = try conversion.convert {
      $0.fit.goal = .bits(2.2)
      $0.savedPlan = plan
    }
    let first = try ["a", "b"].map { try conversion.dense($0) }
    let taken = try conversion.convert { $0.plan = plan }
    #expect(taken.tensors.map(\.className) == saved.tensors.map(\.className))
    #expect(taken.bits == saved.bits)
    #expect(try ["a", "b"].map { try conversion.dense($0) } == first)
  }

  @Test func anEditedPlanDecides() throws {
    let conversion = try conversion()
    let parts =
      #"{"name": "b", "parts": [{"rows": "0-9 20-127", "class": "s4k16"}, {"rows": "10-19", "class": "s8k256"}]}"#
    try write(bias, parts, a, to: conversion)
    let report = try conversion.convert { $0.plan = conversion.folder.file("plan.json") }
    #expect(report.tensor("a")?.className == "s8k256")
    #expect(report.tensor("b")?.className == "s4k16 (118 rows), s8k256 (10 rows)")
    #expect(report.tensor("bias")?.className == "dense")
    #expect(try conversion.verify().hasPassed)
  }

  @Test(arguments: [
    ([#"{"name": "c", "class": "dense"}"#], ["'c'", "none of this name"]),
    ([#"{"name": "a", "class": "s8k256"}"#, #"{"name": "a", "class": "dense"}"#], ["'a'", "two"]),
    ([#"{"name": "a", "class": "s8k256"}"#], ["'b'", "an entry"]),
    ([#"{"name": "a", "class": "fine"}"#], ["'a'", "'fine'", "overlapping s4k256"]),
    ([#"{"name": "a", "class": "overlapping s32k4"}"#], ["'a'", "overlapping s32k4"]),
    ([#"{"name": "a", "class": "s8k256 + s3k4"}"#], ["'a'", "s8k256 + s3k4"]),
    ([#"{"name": "bias", "class": "s8k256"}"#], ["'bias'", "dense"]),
    ([#"{"name": "a", "parts": [{"rows": "0-126", "class": "s4k16"}]}"#], ["'a'", "row 127", "none"]),
    ([#"{"name": "a", "parts": [{"rows": "0-128", "class": "s4k16"}]}"#], ["'a'", "part 1", "row 128"]),
    (
      [
        #"{"name": "a", "parts": [{"rows": "0-99", "class": "s4k16"}, {"rows": "99-127", "class": "s8k256"}]}"#
      ], ["'a'", "part 2", "row 99"]
    ),
    (
      [#"{"name": "a", "parts": [{"rows": "0-127", "class": "dense"}]}"#], ["'a'", "part 1", "'dense'"]
    ),
  ])
  func aPlanThatDoesNotFitTheModelIsRefused(entries: [String], words: [String]) throws {
    let conversion = try conversion()
    let text = #"{"momos_plan": 1, "tensors": [\#(entries.joined(separator: ", "))]}"#
    try conversion.folder.write(Array(text.utf8), to: "plan.json")
    let error = #expect(throws: MomosError.self) {
      try conversion.preview { $0.plan = conversion.folder.file("plan.json") }
    }
    #expect(error?.kind == .badData)
    for word in words + ["plan.json"] {
      #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }
  }

  @Test func thePlanIsNoOutput() throws {
    let conversion = try conversion()
    try write(a, b, bias, to: conversion)
    let plan = conversion.folder.file("plan.json")
    let error = #expect(throws: MomosError.self) {
      try conversion.preview {
        $0.plan = plan
        $0.savedPlan = plan
      }
    }
    #expect(error?.description.contains("also an input") == true)
  }

  // Mosaics of 4 bits take 14,858 bytes; dense the tensors would take 98,816.
  @Test(arguments: [9_000, 11_000, 14_000])
  func aFileIsNotLargerThanItsTarget(limit: Int) throws {
    let report = try conversion().convert {
      $0.fit.goal = .fileByteCount(limit)
      $0.compresses = false
    }
    #expect(report.fileByteCount <= limit)
    #expect(report.fileByteCount > limit * 8 / 10)
  }

  @Test func aTargetThatIsTooSmallNamesTheLeast() throws {
    let error = #expect(throws: MomosError.self) {
      try conversion().preview { $0.fit.goal = .fileByteCount(3000) }
    }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("3000") == true)
  }
}
