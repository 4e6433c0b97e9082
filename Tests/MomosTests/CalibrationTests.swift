import FoundationEssentials
import MomosInterchange
import MomosKernels
import MomosModel
import MomosTestSupport
import Testing

@testable import Momos

/// What samples say of weights: fixtures/onnx/digits-cnn-calibration.npz has what onnxruntime and numpy compute.
struct CalibrationTests {
  private static let model = Fixtures.path + "/onnx/digits-cnn.onnx"
  private static let sampleCount = 48

  private let folder: TestFolder
  private let expected: SourceCollection
  /// The first test images, as the fixture has them.
  private let images: Tensor

  init() throws {
    folder = try TestFolder()
    expected = try SourceCollection.open([Fixtures.path + "/onnx/digits-cnn-calibration.npz"])
    let all = try NPYFixture.tensor(
      at: URL(filePath: Fixtures.path + "/sources/digits-mlp/test_images.npy"), elementType: .uint8)
    images = Tensor(
      elementType: .uint8, shape: try Shape([Self.sampleCount, 64]),
      bytes: all.bytes[0..<Self.sampleCount * 64])
    try NPYFixture.write(images, to: folder.file("images.npy"))
  }

  /// The conversion of the digits network after planning.
  private func planned(_ calibration: [String], threadCount: Int = 1, saved: String? = nil) throws
    -> Conversion
  {
    var options = ConversionOptions(sources: [Self.model])
    options.calibration = calibration
    options.savedCalibration = saved
    options.threadCount = threadCount
    let conversion = try Conversion(options)
    _ = try conversion.plan()
    return conversion
  }

  private var samples: [String] { ["images=" + folder.file("images.npy")] }

  private func calibration(_ arguments: [String], threadCount: Int = 1) throws -> Calibration {
    try #require(try planned(arguments, threadCount: threadCount).calibration)
  }

  @Test func momentsAreThoseOfNumpy() throws {
    let calibration = try calibration(samples)
    let names = ["stem.weight", "grouped.weight", "strided.weight", "head.weight"]
    #expect(calibration.momentsOfTensor.keys.sorted() == names.sorted())
    for name in names {
      let moments = try #require(calibration.moments(of: name))
      #expect([moments.sampleCount] == (try expected.read(name + ".count").integers()))
      let found = moments.upperSums.array(of: Double.self)
      let sums = try expected.read(name).floats().map(Double.init)
      #expect(found.count == sums.count)
      // Float32 activations of two runtimes differ by about 1e-6 of their size.
      let bound = 1e-5 * sums.map(\.magnitude).reduce(0, max)
      #expect(zip(found, sums).allSatisfy { abs($0 - $1) <= bound })
    }
  }

  @Test func lossIsThatOfOnnxruntime() throws {
    let loss = try #require(try planned(samples).measuredLoss)
    let name = "strided.weight"
    let weights = try SourceCollection.open([Self.model]).read(name)
    let rounded = weights.floats().map { ($0 * 4).rounded(.toNearestOrEven) / 4 }
    let found = try loss.loss(replacing: [name: .dense(Tensor(rounded, shape: weights.shape))])
    #expect(abs(found - Double(try expected.read("loss").floats()[0])) < 1e-6)
    #expect(abs(try loss.loss(replacing: [:])) < 1e-12)
    #expect(abs(try loss.loss(replacing: [name: .dense(weights)])) < 1e-12)
  }

  @Test func everyWeightHasALoss() throws {
    let losses = try calibration(samples).losses
    #expect(losses.keys.sorted() == ["grouped.weight", "head.weight", "stem.weight", "strided.weight"])
    // Noise of a twentieth of the power in one layer turns outputs, but not around.
    #expect(losses.values.allSatisfy { $0 > 1e-5 && $0 < 1 })
  }

  /// Too little memory for two matrices: the samples are executed for each.
  @Test func coactivationDoesNotDependOnTheMemory() throws {
    let conversion = try planned(samples)
    let source = try SourceModel(sources: [Self.model])
    var pass = CoactivationPass(
      source: source, samples: try CalibrationSamples(samples, inputs: source.graphs[0].inputs),
      model: try #require(conversion.measuredLoss).model,
      calibration: try #require(conversion.calibration), pool: ThreadPool(threadCount: 1))
    let view = MatrixView(permutation: [0, 1, 2, 3], rowAxes: 1)
    let matrices = try ["stem.weight", "strided.weight"].map { name in
      CoactivationPass.Matrix(
        name: name, view: view, shape: view.matrixShape(of: try source.read(name).shape))
    }
    let together = try pass.graphs(of: matrices, level: 0.01)
    pass.byteLimit = 1
    let apart = try pass.graphs(of: matrices, level: 0.01)
    for matrix in matrices {
      let graph = try #require(together[matrix.name])
      #expect(graph.edgeCount > 0 && graph.sampleCount > Self.sampleCount)
      #expect(graph.edgeCount == apart[matrix.name]?.edgeCount && graph.parts == apart[matrix.name]?.parts)
    }
  }

  @Test func resultsDoNotDependOnTheThreads() throws {
    #expect(try calibration(samples, threadCount: 3) == calibration(samples))
  }

  /// The same samples, executed in the same batches.
  @Test func archivesAreExecutions() throws {
    let archives = try folder.folder("archives")
    for (name, range) in [("a", 0..<32), ("b", 32..<Self.sampleCount)] {
      var writer = try NPZWriter(path: "\(archives)/\(name).npz")
      let batch = Tensor(
        elementType: .uint8, shape: try Shape([range.count, 64]),
        bytes: images.bytes[range.lowerBound * 64..<range.upperBound * 64])
      try writer.add(batch, name: "images")
      try writer.finish()
    }
    let expected = try calibration(samples)
    #expect(try calibration([archives]) == expected)
    #expect(try calibration(["\(archives)/a.npz", "\(archives)/b.npz"]) == expected)
  }

  @Test func savedCalibrationIsReadBack() throws {
    let file = folder.file("saved.npz")
    let found = try #require(try planned(samples, saved: file).calibration)
    let read = try planned([file])
    #expect(read.calibration == found)
    #expect(read.measuredLoss == nil)
    let both = try planned([file] + samples)
    #expect(both.calibration == found)
    #expect(both.measuredLoss != nil)
  }

  @Test func momentsThatAreSpooledAreTheSame() throws {
    let conversion = try planned(samples)
    var pass = try #require(conversion.calibrationPass(conversion.candidates()))
    pass.momentByteLimit = 0
    #expect(try pass.run().calibration == conversion.calibration)
  }

  @Test func provenanceTellsCalibrationsApart() throws {
    let file = folder.file("saved.npz")
    let fewer = folder.file("fewer.npy")
    try NPYFixture.write(
      Tensor(elementType: .uint8, shape: Shape([32, 64]), bytes: images.bytes[0..<32 * 64]), to: fewer)
    let digests = try [
      planned(samples, saved: file), planned([file]), planned(["images=" + fewer]), planned([]),
    ].map { $0.inputs.options.provenanceOptions(calibration: $0.inputs.calibrationDigest) }
      .map { $0.filter { $0.name == "calibration" }.map(\.value) }
    #expect(digests[0] == digests[1])
    #expect(digests[0] != digests[2])
    #expect(digests.map(\.count) == [1, 1, 1, 0])
  }

  @Test func withoutSamplesThereIsNone() throws {
    let conversion = try planned([])
    #expect(conversion.calibration == nil && conversion.measuredLoss == nil)
  }
}

/// Calibration of small graphs, by hand.
struct SmallCalibrationTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    try NPYFixture.write(Tensor([1, 2, 3, 4] as [Float], shape: Shape([2, 2])), to: folder.file("x.npy"))
  }

  private func node(_ operatorType: String, _ inputs: String, _ output: String) -> String {
    let names = inputs.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ", ")
    return #"{"operator": "\#(operatorType)", "inputs": [\#(names)], "outputs": ["\#(output)"]}"#
  }

  /// Calibrates a graph that reads x and gives y.
  private func calibrated(
    _ nodes: [String], tensors: [String: Tensor],
    input: String = #""element_type": "f32", "dimensions": ["n", 2]"#,
    _ change: (inout ConversionOptions) -> Void = { _ in }
  ) throws -> Conversion {
    let graph = """
      {"operator_sets": [{"domain": "", "version": 17}], "graphs": [{"name": "g", "inputs": [{"name": "x", \(input)}],
      "outputs": [{"name": "y"}], "nodes": [\(nodes.joined(separator: ", "))]}]}
      """
    try folder.write(Array(graph.utf8), to: "graph.json")
    var options = ConversionOptions(sources: [])
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      try NPYFixture.write(tensor, to: folder.file(name + ".npy"))
      options.sources.append(folder.file(name + ".npy"))
    }
    options.graph = folder.file("graph.json")
    options.calibration = ["x=" + folder.file("x.npy")]
    options.threadCount = 1
    change(&options)
    let conversion = try Conversion(options)
    _ = try conversion.plan()
    return conversion
  }

  private func refusal(_ work: () throws -> Conversion) -> MomosError? {
    do {
      _ = try work()
      return nil
    } catch {
      return error as? MomosError
    }
  }

  /// x = (1, 2), (3, 4); x w = (2, 1), (4, 3): both meet w.
  @Test func usesOfOneWeightAreSummed() throws {
    let swap = try Tensor([0, 1, 1, 0] as [Float], shape: Shape([2, 2]))
    let conversion = try calibrated(
      [node("MatMul", "x w", "h"), node("MatMul", "h w", "y")], tensors: ["w": swap])
    let moments = try #require(conversion.calibration?.moments(of: "w"))
    #expect(moments.sampleCount == 4)
    // 1 + 9 + 4 + 16, 2 + 12 + 2 + 12, 4 + 16 + 1 + 9.
    #expect(moments.sums == [30, 28, 28, 30])
  }

  @Test func weightsOfOneInputShareMoments() throws {
    let weights = try Tensor([1, 2, 3, 5] as [Float], shape: Shape([2, 2]))
    let other = try Tensor([7, 2, 3, 5] as [Float], shape: Shape([2, 2]))
    let conversion = try calibrated(
      [node("MatMul", "x a", "p"), node("MatMul", "x b", "q"), node("Add", "p q", "y")],
      tensors: ["a": weights, "b": other])
    let calibration = try #require(conversion.calibration)
    #expect(calibration.moments.count == 1)
    #expect(calibration.momentsOfTensor == ["a": 0, "b": 0])
    #expect(calibration.moments[0].sums == [10, 14, 14, 20])
  }

  @Test func rowsOfTablesAreCounted() throws {
    let table = try Tensor((0..<512).map(Float.init), shape: Shape([128, 4]))
    try NPYFixture.write(
      Tensor([0, 127, 5, 5, -1, 5] as [Int64], shape: Shape([3, 2])), to: folder.file("x.npy"))
    let conversion = try calibrated(
      [node("Gather", "w x", "y")], tensors: ["w": table],
      input: #""element_type": "i64", "dimensions": ["n", 2]"#)
    let calibration = try #require(conversion.calibration)
    var expected = [Int](repeating: 0, count: 128)
    (expected[0], expected[5], expected[127]) = (1, 3, 2)
    #expect(calibration.rowCounts == ["w": expected])
    #expect(calibration.moments.isEmpty && calibration.momentsOfTensor.isEmpty)
    #expect(calibration.losses["w"] ?? 0 > 0)
  }

  @Test func weightsThatStayDenseAreLeftOut() throws {
    let weights = try Tensor([1, 2, 3, 5] as [Float], shape: Shape([2, 2]))
    let conversion = try calibrated([node("MatMul", "x w", "y")], tensors: ["w": weights]) {
      $0.densePatterns = ["w"]
    }
    #expect(conversion.calibration == Calibration())
  }

  @Test func samplesThatTheGraphTakesInTwosAreExecutedSo() throws {
    let weights = try Tensor([1, 2, 3, 5] as [Float], shape: Shape([2, 2]))
    let fixed = #""element_type": "f32", "dimensions": [2, 2]"#
    try NPYFixture.write(
      Tensor((0..<12).map(Float.init), shape: Shape([6, 2])), to: folder.file("x.npy"))
    let conversion = try calibrated([node("MatMul", "x w", "y")], tensors: ["w": weights], input: fixed)
    // 0 + 4 + 16 + 36 + 64 + 100, 0 + 6 + 20 + 42 + 72 + 110, 1 + 9 + 25 + 49 + 81 + 121.
    #expect(conversion.calibration?.moments(of: "w")?.sums == [220, 250, 250, 286])
    try NPYFixture.write(Tensor((0..<10).map(Float.init), shape: Shape([5, 2])), to: folder.file("x.npy"))
    let error = refusal {
      try calibrated([node("MatMul", "x w", "y")], tensors: ["w": weights], input: fixed)
    }
    #expect(error?.kind == .badData && error?.description.contains("multiple of 2") == true)
  }

  @Test func inputsThatAreNotFiniteAreRefused() throws {
    try NPYFixture.write(Tensor([1, .infinity] as [Float], shape: Shape([1, 2])), to: folder.file("x.npy"))
    let weights = try Tensor([1, 2, 3, 5] as [Float], shape: Shape([2, 2]))
    let error = refusal { try calibrated([node("MatMul", "x w", "y")], tensors: ["w": weights]) }
    #expect(error?.kind == .badData && error?.description.contains("'w'") == true)
  }

  @Test(arguments: [
    ("none.npz", MomosError.Kind.missingInput, "none.npz"), ("x=none.npy", .missingInput, "none.npy"),
    ("x.npy", .usage, "NAME="), ("z=x.npy", .badData, "expected the inputs of the graph, x, found z"),
    ("other.npz", .badData, "expected the inputs of the graph, x, found images"), ("empty", .badData, ".npz"),
    ("x=scalar.npy", .badData, "first axis"), ("x=nothing.npy", .badData, "first axis"),
    ("x=wide.npy", .badData, "[2, 3]"), ("x=text.npy", .badData, "text.npy"),
  ])
  func samplesThatDoNotFitAreRefused(argument: String, kind: MomosError.Kind, text: String) throws {
    _ = try folder.folder("empty")
    try NPYFixture.write(Tensor([1] as [Float], shape: Shape([])), to: folder.file("scalar.npy"))
    try NPYFixture.write(Tensor([] as [Float], shape: Shape([0, 2])), to: folder.file("nothing.npy"))
    try NPYFixture.write(
      Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: Shape([2, 3])), to: folder.file("wide.npy"))
    try folder.write(Array("text".utf8), to: "text.npy")
    var writer = try NPZWriter(path: folder.file("other.npz"))
    try writer.add(Tensor([1] as [Float], shape: Shape([1])), name: "images")
    try writer.finish()
    let weights = try Tensor([1, 2, 3, 5] as [Float], shape: Shape([2, 2]))
    let parts = argument.split(separator: "=")
    let path = parts.dropLast().map { $0 + "=" }.joined() + folder.file(String(parts[parts.count - 1]))
    let error = refusal {
      try calibrated([node("MatMul", "x w", "y")], tensors: ["w": weights]) { $0.calibration = [path] }
    }
    #expect(error?.kind == kind && error?.description.contains(text) == true, "\(String(describing: error))")
  }

  @Test func inputsOfDifferentLengthsAreRefused() throws {
    let values = [GraphValue(name: "x"), GraphValue(name: "y")]
    try NPYFixture.write(Tensor([1, 2, 3] as [Float], shape: Shape([3])), to: folder.file("y.npy"))
    #expect(throws: MomosError.self) {
      try CalibrationSamples(["x=" + folder.file("x.npy"), "y=" + folder.file("y.npy")], inputs: values)
    }
    #expect(throws: MomosError.self) { try CalibrationSamples(["x=" + folder.file("x.npy")], inputs: values) }
  }

  @Test func optionsThatContradictEachOtherAreRefused() throws {
    let weights = try Tensor([1, 2, 3, 5] as [Float], shape: Shape([2, 2]))
    let nodes = [node("MatMul", "x w", "y")]
    let saved = folder.file("saved.npz")
    _ = try calibrated(nodes, tensors: ["w": weights]) { $0.savedCalibration = saved }
    func kind(_ change: (inout ConversionOptions) -> Void) -> MomosError.Kind? {
      refusal { try calibrated(nodes, tensors: ["w": weights], change) }?.kind
    }
    #expect(kind { $0.savedCalibration = saved } == .usage)
    #expect(
      kind {
        $0.savedCalibration = saved
        $0.overwrites = true
      } == nil)
    #expect(
      kind {
        $0.calibration = []
        $0.savedCalibration = folder.file("new.npz")
      } == .usage)
    #expect(
      kind {
        $0.calibration = [saved]
        $0.savedCalibration = folder.file("new.npz")
      } == .usage)
    #expect(kind { $0.calibration = [saved, saved] } == .usage)
    #expect(kind { $0.graph = nil } == .usage)
    #expect(
      kind {
        $0.savedCalibration = folder.file("x.npy")
        $0.overwrites = true
      } == .usage)
  }

  @Test func calibrationOfAnotherModelIsRefused() throws {
    let saved = folder.file("saved.npz")
    let weights = try Tensor([1, 2, 3, 5] as [Float], shape: Shape([2, 2]))
    _ = try calibrated([node("MatMul", "x w", "y")], tensors: ["w": weights]) { $0.savedCalibration = saved }
    let longer = try Tensor([1, 2, 3, 5, 7, 8] as [Float], shape: Shape([3, 2]))
    let wide = #""element_type": "f32", "dimensions": ["n", 3]"#
    let columns = refusal {
      try calibrated([node("MatMul", "x w", "y")], tensors: ["w": longer], input: wide) {
        $0.calibration = [saved]
      }
    }
    #expect(columns?.description.contains("moments of 3 columns, found 2") == true)
    let name = refusal {
      try calibrated([node("MatMul", "x v", "y")], tensors: ["v": weights]) { $0.calibration = [saved] }
    }
    #expect(name?.kind == .badData && name?.description.contains("another model") == true)
  }
}
