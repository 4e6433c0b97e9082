import MomosFit
import MomosKernels
import MomosModel
import Testing

struct FitterTests {
  private func single(_ tensor: Tensor, _ options: FitOptions = FitOptions()) throws -> FittedTensor? {
    try FitTestModel(tensors: [("w", tensor)], options: options).fit()["w"] ?? nil
  }

  @Test func recordedErrorIsThatOfTheReconstruction() throws {
    for elementType in [ElementType.float32, .float16, .bfloat16] {
      let source = try FitTestModel.normal(rows: 100, columns: 130, seed: 1)
      let weights = try Tensor(rounding: source.floats(), to: elementType, shape: source.shape)
      let fitted = try #require(try single(weights))
      let dense = try Reconstruction(fitted.tensor).dense()
      #expect(dense.elementType == elementType)
      let metrics = ErrorMetrics(reference: weights.floats(), measured: dense.floats())
      #expect(abs(metrics.relativeError - fitted.metrics.relativeError) < 1e-6)
      #expect(fitted.metrics.relativeError > 0.1)
    }
  }

  // Two bits per weight cannot do better than the rate-distortion bound of a normal source, 12.04 dB; k-means in
  // four dimensions reaches about 9.7 dB (FITTING: 9.89 on real weights, scales included).
  @Test func normalWeightsAtTwoBitsReachTheKnownRate() throws {
    let fitted = try #require(try single(FitTestModel.normal(rows: 512, columns: 512, seed: 2)))
    let decibels = fitted.metrics.signalToNoiseDecibels
    #expect(decibels > 9.3 && decibels < 12.04)
  }

  @Test func exactTensorThatChangedAfterThePlanIsRefused() throws {
    func tensor(_ value: Float) throws -> Tensor {
      try Tensor((0..<4096).map { $0 / 4 % 2 == 0 ? value : 1 }, shape: Shape([64, 64]))
    }
    let plan = try FitTestModel(tensors: [("w", try tensor(2))]).plan()
    let fitter = Fitter(plan: plan, pool: ThreadPool(threadCount: 1))
    #expect(try fitter.fit(tensor(2), as: plan.tensors[0]) != nil)
    #expect(throws: FitError.sourceChanged(name: "w")) { try fitter.fit(tensor(3), as: plan.tensors[0]) }
  }

  @Test func anotherStageNeverHurts() throws {
    let weights = try FitTestModel.normal(rows: 200, columns: 100, seed: 3)
    var options = FitOptions()
    options.motifs = .count(16)
    var previous = Double.infinity
    for stages in 1...4 {
      options.stageCount = stages
      let fitted = try #require(try single(weights, options))
      #expect(fitted.tensor.parts[0].stages.count == stages)
      #expect(fitted.metrics.relativeError < previous)
      previous = fitted.metrics.relativeError
    }
  }

  @Test func rowScalesMakeRowsOfAnySizeAlike() throws {
    // Rows from 1e-3 to 1e3: one dictionary serves them only when each is divided by its size.
    let base = try FitTestModel.normal(rows: 120, columns: 128, seed: 4)
    var values = base.floats()
    for position in values.indices { values[position] *= Float([1e-3, 1, 1e3][position / 128 % 3]) }
    let weights = try Tensor(values, shape: base.shape)
    let scaled = try #require(try single(weights))
    let reconstructed = try Reconstruction(scaled.tensor).dense().floats()
    for row in 0..<120 {
      let range = row * 128..<(row + 1) * 128
      let metrics = ErrorMetrics(reference: Array(values[range]), measured: Array(reconstructed[range]))
      #expect(metrics.relativeError < 0.5)
    }
  }

  @Test func rowScalesBeyondFloat16AreFloat32() throws {
    let weights = try FitTestModel.normal(rows: 64, columns: 64, seed: 5, scale: 1e-7)
    let fitted = try #require(try single(weights))
    #expect(fitted.tensor.parts[0].rowScale?.elementType == .float32)
    #expect(fitted.metrics.relativeError < 0.5)
  }

  @Test func rowsOfZerosStayZero() throws {
    var values = try FitTestModel.normal(rows: 64, columns: 64, seed: 6).floats()
    for column in 0..<64 { values[10 * 64 + column] = 0 }
    let fitted = try #require(try single(Tensor(values, shape: Shape([64, 64]))))
    let reconstructed = try Reconstruction(fitted.tensor).dense().floats()
    #expect(reconstructed[640..<704].allSatisfy { $0 == 0 })
  }

  @Test(arguments: [(1, 256), (3, 5), (5, 300), (7, 2), (64, 16), (4, 1)])
  func anyBlockLengthAndMotifCountFits(blockLength: Int, motifCount: Int) throws {
    var options = FitOptions()
    options.blockLength = blockLength
    options.motifs = .count(motifCount)
    let weights = try FitTestModel.normal(rows: 120, columns: 67, seed: 7)
    let fitted = try #require(try single(weights, options))
    let stage = fitted.tensor.parts[0].stages[0]
    #expect(stage.dictionary.motifCount == motifCount)
    #expect(stage.mosaic.blockCount == (67 + blockLength - 1) / blockLength)
    let dense = try Reconstruction(fitted.tensor).dense()
    let metrics = ErrorMetrics(reference: weights.floats(), measured: dense.floats())
    #expect(metrics.relativeError <= 1.0001)
    #expect(abs(metrics.relativeError - fitted.metrics.relativeError) < 1e-6)
  }

  @Test func resultsDoNotDependOnTheThreadCount() throws {
    let model = FitTestModel(tensors: [
      ("a", try FitTestModel.normal(rows: 300, columns: 260, seed: 8)),
      ("b", try FitTestModel.normal(rows: 64, columns: 128, seed: 9)),
    ])
    let first = try model.fit(threadCount: 1)
    let second = try model.fit(threadCount: 3)
    for name in ["a", "b"] {
      let one = try #require(first[name] ?? nil)
      let other = try #require(second[name] ?? nil)
      #expect(one.tensor == other.tensor)
      #expect(one.metrics == other.metrics)
    }
  }
}
