import MomosFit
import MomosModel
import Testing

struct FitPlannerTests {
  private func form(_ plan: FitPlan, _ name: String) throws -> TensorPlan.Form {
    try #require(plan.tensors.first { $0.name == name }).form
  }

  @Test func tensorsOfOneScopeShareOneDictionary() throws {
    var model = FitTestModel(tensors: [
      ("a", try FitTestModel.normal(rows: 64, columns: 64, seed: 1)),
      ("b", try FitTestModel.normal(rows: 64, columns: 64, seed: 2)),
    ])
    #expect(try model.plan().dictionaries.count == 1)
    model.options.dictionaryScope = .tensor
    #expect(try model.plan().dictionaries.count == 2)
    model.options.stageCount = 3
    #expect(try model.plan().dictionaries.count == 6)
  }

  @Test(arguments: [ElementType.float16, .bfloat16, .float32, .float64])
  func fewDistinctBlocksAreStoredExactly(elementType: ElementType) throws {
    // Three blocks of two weights, -0.0 among them.
    let motifs: [[Float]] = [[1.5, -0.0], [0, 0], [-2, 0.25]]
    let values = (0..<400).flatMap { motifs[$0 % 3] }
    let tensor = try Tensor(rounding: values, to: elementType, shape: Shape([20, 40]))
    var model = FitTestModel(tensors: [("w", tensor)])
    model.options.blockLength = 2
    model.options.motifs = .count(3)
    guard case .exact = try form(model.plan(), "w") else {
      Issue.record("not planned exactly")
      return
    }
    let fitted = try #require(try model.fit()["w"] ?? nil)
    #expect(fitted.tensor.composition == .copy)
    #expect(try Reconstruction(fitted.tensor).dense() == tensor)
    model.options.motifs = .count(2)
    guard case .mosaic = try form(model.plan(), "w") else {
      Issue.record("two motifs cannot hold three blocks")
      return
    }
  }

  @Test func exactTensorsShareADictionaryWhereItHoldsAllBlocks() throws {
    func tensor(_ first: Float) throws -> Tensor {
      try Tensor((0..<400).map { $0 / 4 % 2 == 0 ? first : 7 }, shape: Shape([20, 20]))
    }
    var model = FitTestModel(tensors: [("a", try tensor(1)), ("b", try tensor(2))])
    model.options.motifs = .count(3)
    #expect(try model.plan().dictionaries.map(\.motifCount) == [3])
    model.options.motifs = .count(2)
    #expect(try model.plan().dictionaries.map(\.motifCount) == [2, 2])
  }

  // Each tensor has 100 blocks, fewer than motifs; an exact dictionary of 100 * 16 bytes is all of its 1600.
  @Test func smallTensorsJoinTheSharedDictionary() throws {
    var model = FitTestModel(
      tensors: try (0..<20).map { ("w\($0)", try FitTestModel.normal(rows: 20, columns: 20, seed: $0)) })
    #expect(try model.plan().dictionaries.map(\.motifCount) == [256])
    for tensor in try model.plan().tensors {
      guard case .mosaic(_, let parts, rowScale: .float16, outlierCount: 0) = tensor.form,
        parts.map(\.dictionaries) == [[0]]
      else {
        Issue.record("\(tensor.name) is \(tensor.form)")
        continue
      }
    }
    model.options.dictionaryScope = .tensor
    #expect(try model.plan().dictionaries.isEmpty)
  }

  // 240 distinct blocks of 250: 240 * 16 bytes of dictionary and 250 of indices exceed the 4000 dense bytes.
  @Test func anExactFormThatIsNotSmallerIsNotTaken() throws {
    let values = (0..<1000).map { Float($0 % 960) }
    let model = FitTestModel(tensors: [("w", try Tensor(values, shape: Shape([50, 20])))])
    guard case .dense = try form(model.plan(), "w") else {
      Issue.record("not kept dense")
      return
    }
  }

  // One float16 weight a row takes 2 bytes; its index and its row scale would take 3.
  @Test func tensorsThatWouldGrowDoNotJoinTheSharedDictionary() throws {
    let column = try Tensor(
      rounding: FitTestModel.normal(rows: 1000, columns: 1, seed: 8).floats(), to: .float16,
      shape: Shape([1000, 1]))
    let model = FitTestModel(tensors: [
      ("column", column), ("w", try FitTestModel.normal(rows: 64, columns: 64, seed: 9)),
    ])
    guard case .dense = try form(model.plan(), "column"), case .mosaic = try form(model.plan(), "w") else {
      Issue.record("planned otherwise")
      return
    }
  }

  // 1024 blocks of "w" alone: floor(0.05 * 1024) = 51. Integers cannot become mosaics.
  @Test func capacityCountsOnlyBlocksThatShareTheDictionary() throws {
    let integers = Tensor(
      elementType: .int32, shape: try Shape([64, 64]),
      bytes: try Bytes(copying: [Int32](repeating: 1, count: 4096)))
    var model = FitTestModel(tensors: [
      ("i", integers), ("w", try FitTestModel.normal(rows: 64, columns: 64, seed: 3)),
    ])
    model.options.motifs = .capacity(0.05)
    #expect(try model.plan().dictionaries.map(\.motifCount) == [51])
    // 90,000 blocks of integers are no reason to refuse.
    model.tensors[0].tensor = Tensor(
      elementType: .int32, shape: try Shape([3000, 120]),
      bytes: try Bytes(copying: [Int32](repeating: 1, count: 360_000)))
    model.options.motifs = .capacity(0.9)
    #expect(try model.plan().dictionaries.map(\.motifCount) == [921])
  }

  // The paper's formula by hand: blocks = 64 * 16 = 1024; floor(0.05 * 1024) = 51; 1e-9 * 1024 < 1 gives 1.
  @Test(arguments: [(0.05, 51), (1e-9, 1)])
  func capacityGivesThePapersMotifCount(capacity: Double, motifCount: Int) throws {
    var model = FitTestModel(tensors: [("w", try FitTestModel.normal(rows: 64, columns: 64, seed: 3))])
    model.options.motifs = .capacity(capacity)
    #expect(try model.plan().dictionaries.map(\.motifCount) == [motifCount])
  }

  @Test func capacityAboveTheLargestDictionaryIsRejected() throws {
    var model = FitTestModel(tensors: [("w", try FitTestModel.normal(rows: 300, columns: 300, seed: 4))])
    model.options.blockLength = 1
    model.options.motifs = .capacity(1)
    #expect(throws: FitError.capacityTooLarge(motifCount: 90_000)) { try model.plan() }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func nonfiniteWeightsAreRefusedUnlessAllowed(value: Float) throws {
    var values = try FitTestModel.normal(rows: 64, columns: 64, seed: 5).floats()
    values[77] = value
    var model = FitTestModel(tensors: [("w", try Tensor(values, shape: Shape([64, 64])))])
    #expect(throws: FitError.nonfiniteTensor(name: "w")) { try model.plan() }
    model.options.allowsNonfinite = true
    guard case .dense = try form(model.plan(), "w") else {
      Issue.record("not kept dense")
      return
    }
  }

  @Test func tensorsThatWouldGrowStayDense() throws {
    let model = FitTestModel(tensors: [("w", try FitTestModel.normal(rows: 4, columns: 4, seed: 6))])
    guard case .dense(let reason) = try form(model.plan(), "w") else {
      Issue.record("not kept dense")
      return
    }
    #expect(reason == "a mosaic would not be smaller")
  }

  @Test func weightsWhoseSquaresOverflowStayDense() throws {
    let weights = try FitTestModel.normal(rows: 64, columns: 64, seed: 8, scale: 1e19)
    guard case .dense = try form(FitTestModel(tensors: [("w", weights)]).plan(), "w") else {
      Issue.record("not kept dense")
      return
    }
    let smaller = try FitTestModel.normal(rows: 64, columns: 64, seed: 8, scale: 1e16)
    var model = FitTestModel(tensors: [("w", smaller)])
    model.options.hasRowScale = false
    let fitted = try #require(try model.fit()["w"] ?? nil)
    #expect(fitted.metrics.relativeError < 0.5)
  }

  @Test func float64BeyondFloat32StaysDense() throws {
    let values = (0..<64 * 64).map { Double($0) * 1e300 }
    let tensor = Tensor(
      elementType: .float64, shape: try Shape([64, 64]), bytes: try Bytes(copying: values))
    guard case .dense = try form(FitTestModel(tensors: [("w", tensor)]).plan(), "w") else {
      Issue.record("not kept dense")
      return
    }
  }

  // 2^-126 is the least normal number of float32.
  @Test func float64BelowFloat32StaysDense() throws {
    func plan(scale: Double) throws -> TensorPlan.Form {
      let floats = try FitTestModel.normal(rows: 64, columns: 64, seed: 8).floats()
      let largest = try #require(floats.map(\.magnitude).max())
      let values = floats.map { Double($0) / Double(largest) * scale }
      let tensor = Tensor(
        elementType: .float64, shape: try Shape([64, 64]), bytes: try Bytes(copying: values))
      return try form(FitTestModel(tensors: [("w", tensor)]).plan(), "w")
    }
    for scale in [1e-300, 1e-46, 0x1p-127] {
      guard case .dense(let reason) = try plan(scale: scale) else {
        Issue.record("\(scale) is not kept dense")
        continue
      }
      #expect(reason.contains("float32"))
    }
    if case .dense = try plan(scale: 0x1p-125) { Issue.record("a normal number of float32 is kept dense") }
  }

  // 65504 is the largest finite number of float16. A fit of values near it is rounded to infinity here and there.
  @Test func float16NearItsLimitStaysDenseUnlessExact() throws {
    func form(_ values: [Float]) throws -> TensorPlan.Form {
      let tensor = try Tensor(rounding: values, to: .float16, shape: Shape([128, 256]))
      return try self.form(FitTestModel(tensors: [("w", tensor)]).plan(), "w")
    }
    let normal = try FitTestModel.normal(rows: 128, columns: 256, seed: 9).floats()
    guard case .dense(let reason) = try form(normal.map { min(max($0 * 30_000, -65_504), 65_504) }) else {
      Issue.record("not kept dense")
      return
    }
    #expect(reason.contains("float16"))
    if case .dense = try form(normal.map { $0 * 1000 }) { Issue.record("1000 is kept dense") }
    guard case .exact = try form(normal.indices.map { $0 % 8 < 4 ? -65_504 : 0 }) else {
      Issue.record("two distinct blocks are not exact")
      return
    }
  }

  // By hand: 64 rows of 16 blocks at 8 bits, 64 scales of 16 bits, 128 of 256 motifs of 4 weights of 16 bits.
  @Test func plannedBytesAndBitsAreThoseOfTheForm() throws {
    let plan = try FitTestModel(tensors: [("w", try FitTestModel.normal(rows: 64, columns: 64, seed: 7))])
      .plan()
    #expect(plan.byteCount(of: plan.tensors[0]) == 64 * 16 + 64 * 2)
    #expect(plan.bits == 8 * Double(64 * 16 + 64 * 2 + 128 * 4 * 2) / 4096)
    #expect(plan.className(of: plan.tensors[0]) == "s4k256")
  }

  @Test(arguments: [(0, 256, 1), (65, 256, 1), (4, 0, 1), (4, 65_537, 1), (4, 256, 0), (4, 256, 9)])
  func optionsOutsideTheirRangeAreRejected(blockLength: Int, motifs: Int, stages: Int) {
    var options = FitOptions()
    options.blockLength = blockLength
    options.motifs = .count(motifs)
    options.stageCount = stages
    #expect(throws: FitError.self) { try FitPlanner(options: options) }
  }
}
