import MomosFit
import MomosModel
import Testing

struct GoalPlannerTests {
  /// Two products and a table of rows, with losses that favour the first product and rows that are seen often.
  private func model(_ goal: FitOptions.Goal, isCalibrated: Bool = true) throws -> FitTestModel {
    var model = FitTestModel(tensors: [
      ("a", try FitTestModel.normal(rows: 256, columns: 256, seed: 1)),
      ("b", try FitTestModel.normal(rows: 256, columns: 256, seed: 2)),
      ("t", try FitTestModel.normal(rows: 6000, columns: 64, seed: 3)),
    ])
    model.options.goal = goal
    model.uses = ["t": .rows]
    guard isCalibrated else { return model }
    var calibration = Calibration()
    calibration.losses = ["a": 0.04, "b": 0.001, "t": 0.02]
    calibration.rowCounts = ["t": (0..<6000).map { $0 < 400 ? 100 : $0 < 2000 ? 2 : 0 }]
    model.calibration = calibration
    return model
  }

  private func bits(_ plan: FitPlan, _ name: String) throws -> Double {
    plan.bits(of: try #require(plan.tensors.first { $0.name == name }))
  }

  @Test(arguments: [0.9, 1.5, 2.0, 2.7, 4.0])
  func aPlanKeepsItsBitsAndUsesThem(goal: Double) throws {
    for isCalibrated in [false, true] {
      let found = try #require(try model(.bits(goal), isCalibrated: isCalibrated).plan().bits)
      #expect(found <= goal)
      #expect(found > 0.93 * goal)
    }
  }

  // Where both would be of one class, its dictionary is saved; that may be worth more in matrices so small.
  @Test func whatMattersMoreGetsMoreBits() throws {
    var differences: [Double] = []
    for goal in [1.0, 1.2, 1.6, 2, 2.4, 2.8] {
      let plan = try model(.bits(goal)).plan()
      differences.append(try bits(plan, "a") - bits(plan, "b"))
    }
    #expect(differences.allSatisfy { $0 >= 0 })
    #expect(differences.contains { $0 > 0.5 })
  }

  @Test func rowsOfOneClassAreOnePart() throws {
    let plan = try model(.bits(2)).plan()
    let parts = try #require(plan.tensors.first { $0.name == "t" }).parts
    #expect(parts.count > 1)
    #expect(Set(parts.map(\.fitClass)).count == parts.count)
    #expect(parts.flatMap { $0.rows ?? [] }.sorted() == Array(0..<6000))
    // Rows that are looked up most get the most bits.
    let often = try #require(parts.first { $0.rows?.contains(0) == true })
    let never = try #require(parts.first { $0.rows?.contains(5999) == true })
    #expect(often.fitClass.indexBits > never.fitClass.indexBits)
  }

  @Test func lossesArePredictedOnlyWhereTheyWereMeasured() throws {
    #expect(try model(.bits(2), isCalibrated: false).plan().predictedLoss == nil)
    // At 13 dB "a" alone would lose .04.
    let loss = try #require(try model(.bits(2)).plan().predictedLoss)
    #expect(loss > 0.001 && loss < 0.2)
  }

  @Test(arguments: [0.9, 0.97, 0.99])
  func aCosineIsReachedAsPredicted(cosine: Double) throws {
    let plan = try model(.cosine(cosine)).plan()
    let loss = try #require(plan.predictedLoss)
    #expect(loss <= 1 - cosine)
    // The next smaller budget loses more.
    let bits = try #require(plan.bits)
    let smaller = try model(.bits(bits * 0.97)).plan()
    #expect(try #require(smaller.predictedLoss) > 0.99 * (1 - cosine))
  }

  @Test func bitsBelowTheLeastAreRefusedWithTheLeast() throws {
    let model = try model(.bits(0.5))
    var least: Double?
    do {
      _ = try model.plan()
    } catch FitError.budgetTooSmall(let bits, let leastBits) {
      #expect(bits == 0.5)
      least = leastBits
    }
    // Indices take .5 bits, scales of 16 bits a row of 256 or 64 weights more.
    let smallest = try #require(least)
    #expect(smallest > 0.5 && smallest < 1)
    #expect(try #require(try self.model(.bits(smallest)).plan().bits) <= smallest)
  }

  @Test func bitsThatNobodyAskedForLeaveFewWeightsDense() throws {
    var model = try model(.bits(0.5))
    model.options.isGoalBinding = false
    let plan = try model.plan()
    for tensor in plan.tensors {
      guard case .dense(reason: "has too few weights for motifs") = tensor.form else {
        Issue.record("\(tensor.name) is \(tensor.form)")
        continue
      }
    }
    #expect(plan.dictionaries.isEmpty)
  }

  // A file that adds 1000 bytes to what the weights take.
  @Test(arguments: [70_000, 110_000, 200_000])
  func aFileKeepsItsBytes(limit: Int) throws {
    let model = try model(.fileByteCount(limit))
    func fileByteCount(_ plan: FitPlan) -> Int {
      plan.tensors.reduce(1000 + plan.dictionaries.reduce(0) { $0 + $1.byteCount }) {
        $0 + plan.byteCount(of: $1)
      }
    }
    let plan = try model.planner().plan(model.candidates, fileByteCount: fileByteCount) { model.read($0) }
    #expect(fileByteCount(plan) <= limit)
    #expect(fileByteCount(plan) > limit * 9 / 10)
  }

  @Test func aFileThatCannotBeSoSmallIsRefused() throws {
    let model = try model(.fileByteCount(5000))
    #expect(throws: FitError.fileTooSmall(byteCount: 5000, leastByteCount: 100_000)) {
      try model.planner().plan(model.candidates, fileByteCount: { _ in 100_000 }, read: { model.read($0) })
    }
  }

  @Test func enoughBytesStoreEverythingDense() throws {
    let plan = try model(.bits(32)).plan()
    for tensor in plan.tensors where tensor.name != "t" {
      guard case .dense = tensor.form else {
        Issue.record("\(tensor.name) is \(plan.className(of: tensor))")
        continue
      }
    }
  }

  @Test func chosenPartsAreTaken() throws {
    let model = try model(.explicit)
    let parts: [String: [AllocatedPart]] = [
      "a": [AllocatedPart(fitClass: .plain(8, 256))], "b": [],
      "t": [
        AllocatedPart(rows: Array(0..<100), fitClass: .overlapping(4, 32)),
        AllocatedPart(rows: Array(100..<6000), fitClass: .plain(16, 256)),
      ],
    ]
    let plan = try model.planner().plan(model.candidates, parts: parts) { model.read($0) }
    #expect(plan.className(of: plan.tensors[0]) == "s8k256")
    #expect(plan.className(of: plan.tensors[1]) == "dense")
    #expect(plan.className(of: plan.tensors[2]) == "overlapping s4k32 (100 rows), s16k256 (5900 rows)")
    #expect(plan.dictionaries.count == 3)
  }

  @Test(arguments: [
    FitOptions.Goal.bits(0), .bits(33), .fileByteCount(0), .cosine(0), .cosine(1), .cosine(.nan),
  ])
  func goalsOutOfRangeAreRefused(goal: FitOptions.Goal) {
    var options = FitOptions()
    options.goal = goal
    #expect(throws: FitError.self) { try options.validate() }
  }
}
