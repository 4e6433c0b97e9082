import FoundationEssentials
import Momos
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

  @Test func allBlocksMayBeAnnealed() throws {
    let conversion = try TestConversion(["w": try .normal(64, 64)])
    try conversion.convert { $0.decomposition = decomposition(.normal(100)) }
    #expect(try conversion.dense("w").floats().allSatisfy { $0 == 0 })
  }

  @Test func reportSaysWhatWasDecomposed() throws {
    let conversion = try TestConversion(["w": try planted()])
    let report = try conversion.convert { $0.decomposition = decomposition(.normal(0.01)) }
    let tensor = try #require(report.decomposition?.tensors.first)
    let findings = try #require(tensor.findings)
    #expect(findings.foundPartCount == 2 && findings.isFollowed)
    #expect(findings.initialization == "normal, standard deviation 0.01 (normal:0.01)")
    #expect(tensor.parts.allSatisfy { ($0.probability ?? 1) < 1e-100 })
    // 8,192 weights of variance 1 across, 8,192 of variance 25 inside.
    #expect(findings.energyLoss > 0.03 && findings.energyLoss < 0.06)
    #expect(report.text.contains("\n  2 parts found\n"))
    #expect(report.json.contains("\"found_part_count\" : 2"))
  }

  /// Rows of the two parts take turns, so that every cell of 2 x 2 weights is half full; put together, half of the cells
  /// are full.
  @Test func pictureShowsPartsTogether() throws {
    let conversion = try TestConversion(["w": try planted()])
    try conversion.convert { $0.decomposition = decomposition(.normal(0.01)) }
    let path = conversion.folder.file("w.svg")
    try Inspection(path: conversion.file).draw([("w", path)])
    let picture = String(decoding: try conversion.folder.bytes(of: "w.svg"), as: UTF8.self)
    let pictures = picture.components(separatedBy: "<g ").dropFirst()
    // A few cells are too light to be drawn.
    let drawn = pictures.map { $0.count { $0 == "M" } }
    #expect(drawn[0] > 3600 && drawn[1] > 1900 && drawn[1] <= 2 * 32 * 32)
  }

  @Test func speedIsMeasuredOfTensorsWithParts() throws {
    let conversion = try TestConversion(["w": try planted(), "x": try .normal(64, 64)])
    try conversion.convert { $0.decomposition = decomposition(.normal(0.01)) }
    let report = try Inspection(path: conversion.file).decomposition(speedThreadCount: 1)
    #expect(report.tensors.map(\.name) == ["w", "x"])
    #expect(report.tensors[0].speeds.map(\.batch) == [1, 64])
    #expect(report.tensors[0].speeds.allSatisfy { $0.ratio > 0 && $0.ratio < 100 })
    #expect(report.tensors[1].speeds.isEmpty)
  }

  @Test func withoutAnyWordTheDistributionIsEstimated() throws {
    let conversion = try TestConversion(["w": try planted()])
    let options = conversion.options { $0.decomposition = DecompositionOptions() }
    let found = try #require(try Conversion(options).plan().decompositions.first)
    #expect(found.distribution.origin == .estimate)
    // Half of the weights have a standard deviation of .05, half of .01: the median magnitude is that of about .017.
    #expect(found.distribution.standardDeviation > 0.01 && found.distribution.standardDeviation < 0.03)
  }

  @Test func perturbationWithoutSamplesIsRefused() throws {
    let conversion = try TestConversion(["w": try .normal(64, 64)])
    let options = conversion.options {
      $0.decomposition = DecompositionOptions()
      $0.decomposition?.annealing = .perturbation
    }
    let error = #expect(throws: MomosError.self) { try Conversion(options) }
    #expect(error?.description == "--annealing perturbation needs --calibration")
  }

  @Test(arguments: ["no-zero-motif", "overlapping", "flat", "plan", "save-plan"])
  func optionsThatDecompositionExcludesAreRefused(option: String) throws {
    let conversion = try TestConversion(["w": try .normal(64, 64)])
    let options = conversion.options {
      $0.decomposition = DecompositionOptions()
      switch option {
      case "no-zero-motif": $0.fit.hasZeroMotif = false
      case "overlapping": $0.fit.form = .overlapping
      case "flat": $0.fit.blocking = .flat
      case "plan": $0.plan = "plan.json"
      default: $0.savedPlan = "plan.json"
      }
    }
    #expect(throws: MomosError.self) { try Conversion(options) }
  }
}

/// Weights and what is active together on samples, as two views of one matrix.
struct CoactivationDecompositionTests {
  private static let length = 512
  private static let sampleCount = 1024
  private static let graph = """
    {"operator_sets": [{"domain": "", "version": 17}],
     "graphs": [{"name": "layer",
      "inputs": [{"name": "x", "element_type": "f32", "dimensions": ["n", 512]}],
      "outputs": [{"name": "y", "element_type": "f32", "dimensions": ["n", 512]}],
      "nodes": [
       {"name": "1", "operator": "Gemm", "inputs": ["x", "w"], "outputs": ["y"],
        "attributes": [{"name": "transB", "int": 1}]}
      ]}]}
    """

  /// Even rows belong to the columns below 256, odd ones to the others; one weight of 9 standard deviations of the noise
  /// leads from column 3 to row 1.
  private func weights() throws -> Tensor {
    var generator = SeededGenerator(seed: 11)
    var weights = (0..<Self.length * Self.length).map { position in
      let (row, column) = position.quotientAndRemainder(dividingBy: Self.length)
      let isPlanted = row.isMultiple(of: 2) == (column < 256)
      return Float((isPlanted ? 0.05 : 0.01) * generator.nextNormal())
    }
    weights[Self.length + 3] = 0.09
    return try Tensor(weights, shape: Shape(rows: Self.length, columns: Self.length))
  }

  /// Each half of the columns is active in a third of the samples; column 3 when those of the other half are, if it is
  /// `crossing`.
  private func samples(crossing: Bool) throws -> Tensor {
    var generator = SeededGenerator(seed: 12)
    var samples = [Float](repeating: 0, count: Self.sampleCount * Self.length)
    for sample in 0..<Self.sampleCount {
      let isActive = (0..<2).map { _ in generator.nextUniform() < 1 / 3.0 }
      for column in 0..<Self.length {
        let half = column == 3 && crossing ? 1 : column / 256
        if isActive[half] { samples[sample * Self.length + column] = Float(generator.nextNormal()) }
      }
    }
    return try Tensor(samples, shape: Shape(rows: Self.sampleCount, columns: Self.length))
  }

  private func conversion(crossing: Bool, threadCount: Int = 1) throws -> Conversion {
    let test = try TestConversion(["w": weights()])
    return try Conversion(options(test, crossing: crossing, threadCount: threadCount))
  }

  private func options(
    _ test: TestConversion, crossing: Bool, threadCount: Int = 1
  ) throws -> ConversionOptions {
    try test.folder.write(Array(Self.graph.utf8), to: "graph.json")
    try NPYFixture.write(samples(crossing: crossing), to: test.folder.file("x.npy"))
    return test.options {
      $0.graph = test.folder.file("graph.json")
      $0.calibration = ["x=" + test.folder.file("x.npy")]
      $0.threadCount = threadCount
      $0.decomposition = DecompositionOptions()
      $0.decomposition?.initialization = .normal(0.01)
      $0.decomposition?.maximumLoss = 0.1
    }
  }

  private static let even = Array(stride(from: 0, to: 512, by: 2))

  @Test(arguments: [1, 3])
  func bothViewsFindWhatIsPlanted(threadCount: Int) throws {
    let conversion = try conversion(crossing: false, threadCount: threadCount)
    let plan = try conversion.plan()
    let found = try #require(plan.decompositions.first)
    #expect(found.parts.map(\.rows) == [Self.even, Self.even.map { $0 + 1 }])
    let agreement = try #require(found.agreement)
    #expect(agreement.sampleCount == Self.sampleCount)
    #expect(agreement.coupledParts.map(\.rows) == [Self.even, Self.even.map { $0 + 1 }])
    #expect(agreement.coupledParts.map(\.columns) == [Array(0..<256), Array(256..<512)])
    #expect(agreement.commonPartCount == 2)
    #expect(agreement.bridgeCount == 1 && agreement.confirmedBridgeCount == 0)
    // Of the planted pairs nearly all are active together, of the others hardly any.
    #expect(agreement.coactivationCount > 125_000 && agreement.coactivationCount < 131_200)
    let report = try conversion.preview(plan)
    #expect(report.text.contains("pairs, 2 coupled (256 x 256, 256 x 256), 2 of them parts of the weights\n"))
    #expect(report.text.contains("\n  of them across parts: 0 of 1\n"))
    #expect(report.json.contains("\"common_part_count\" : 2"))
  }

  @Test func bridgeThatIsInUseIsNotCut() throws {
    let found = try #require(try conversion(crossing: true).plan().decompositions.first)
    let agreement = try #require(found.agreement)
    #expect(agreement.bridgeCount == 1 && agreement.confirmedBridgeCount == 1)
    #expect(found.structure.parts.map(\.rows.count) == [512])
    #expect(found.parts.count == 1)
  }
}

/// Matrices whose parts are found, while what lies across them is worth too much to be left out.
extension CoactivationDecompositionTests {
  /// The sum over the samples of |(W - V) x|^2 as a share of |W x|^2.
  private func outputLoss(_ stored: Tensor) throws -> Double {
    let (weights, values) = (try weights().floats(), stored.floats())
    let inputs = try samples(crossing: false).floats()
    var (errors, squares) = (0.0, 0.0)
    for sample in 0..<Self.sampleCount {
      for row in 0..<Self.length {
        var (error, output) = (0.0, 0.0)
        for column in 0..<Self.length {
          let (input, weight) = (
            Double(inputs[sample * Self.length + column]), Double(weights[row * Self.length + column])
          )
          error += input * (weight - Double(values[row * Self.length + column]))
          output += input * weight
        }
        errors += error * error
        squares += output * output
      }
    }
    return errors / squares
  }

  @Test func whatLiesAcrossPartsGetsFewerBits() throws {
    let test = try TestConversion(["w": weights()])
    var options = try options(test, crossing: false)
    options.fit.goal = .bits(2.5)
    options.fit.form = .plain
    options.decomposition?.maximumLoss = 1e-6
    let conversion = try Conversion(options)
    let plan = try conversion.plan()
    let found = try #require(plan.decompositions.first)
    #expect(found.keepsBridges && !found.followsStructure && found.parts.count == 4)
    let parts = plan.tensors[0].parts
    #expect(parts.prefix(2).allSatisfy { $0.fitClass.indexBits > 2 })
    #expect(parts.suffix(2).allSatisfy { $0.fitClass.indexBits < 2 })
    let report = try conversion.run(plan)
    #expect(report.text.contains("what lies across them has bits of its own"))
    let inParts = try outputLoss(test.dense("w"))
    #expect(try test.dense("w").floats().count { $0 != 0 } > 240_000)

    options.decomposition = nil
    let whole = try Conversion(options)
    let wholeReport = try whole.run(whole.plan())
    let (bytes, wholeBytes) = (report.tensor("w")?.byteCount, wholeReport.tensor("w")?.byteCount)
    #expect(try #require(bytes) <= #require(wholeBytes) + 2 * 2 * Self.length)
    #expect(try inParts < 0.7 * outputLoss(test.dense("w")))
  }

  /// The same where nothing is left out because a bridge is in use.
  @Test func bridgeInUseIsKeptWithBitsOfItsOwn() throws {
    let test = try TestConversion(["w": weights()])
    var options = try options(test, crossing: true)
    options.fit.goal = .bits(2.5)
    let found = try #require(try Conversion(options).plan().decompositions.first)
    #expect(found.keepsBridges && found.agreement?.confirmedBridgeCount == 1 && found.parts.count == 4)
  }
}

/// A feed-forward block whose two matrices say together what neither says alone.
struct FeedForwardDecompositionTests {
  private static let width = 64
  private static let hidden = 256

  /// Weights of 1.8 standard deviations within two groups of states, of 1 across: too weak for edges by themselves.
  private func planted(_ rows: Int, _ columns: Int, group: (Int, Int) -> Bool, seed: UInt64) throws -> Tensor
  {
    var generator = SeededGenerator(seed: seed)
    let weights = (0..<rows * columns).map { position in
      let inside = group(position / columns, position % columns)
      return Float((inside ? 0.18 : 0.1) * generator.nextNormal())
    }
    return try Tensor(weights, shape: Shape(rows: rows, columns: columns))
  }

  private static let graph = """
    {"operator_sets": [{"domain": "", "version": 17}],
     "graphs": [{"name": "block",
      "inputs": [{"name": "x", "element_type": "f32", "dimensions": ["n", 64]}],
      "outputs": [{"name": "y", "element_type": "f32", "dimensions": ["n", 64]}],
      "nodes": [
       {"name": "1", "operator": "Gemm", "inputs": ["x", "w1"], "outputs": ["a"],
        "attributes": [{"name": "transB", "int": 1}]},
       {"name": "2", "operator": "Relu", "inputs": ["a"], "outputs": ["b"]},
       {"name": "3", "operator": "Gemm", "inputs": ["b", "w2"], "outputs": ["y"],
        "attributes": [{"name": "transB", "int": 1}]}
      ]}]}
    """

  @Test func pairedSequencesDecideParts() throws {
    // State i owns the hidden channels 4 i ..< 4 (i + 1); even states are one group, odd ones the other.
    let first = try planted(Self.hidden, Self.width, group: { ($0 / 4 - $1).isMultiple(of: 2) }, seed: 1)
    let second = try planted(Self.width, Self.hidden, group: { ($0 - $1 / 4).isMultiple(of: 2) }, seed: 2)
    let conversion = try TestConversion(["w1": first, "w2": second])
    try conversion.folder.write(Array(Self.graph.utf8), to: "graph.json")
    func found(graph: String?) throws -> [TensorDecomposition] {
      let options = conversion.options {
        $0.graph = graph
        $0.decomposition = DecompositionOptions()
        $0.decomposition?.initialization = .normal(0.1)
      }
      return try Conversion(options).plan().decompositions
    }
    #expect(try found(graph: nil).allSatisfy { !$0.structure.isDecomposed })
    let pair = try found(graph: conversion.folder.file("graph.json"))
    #expect(pair.map(\.partner) == ["w2", "w1"])
    let even = Array(stride(from: 0, to: 64, by: 2))
    let channels = even.flatMap { 4 * $0..<4 * $0 + 4 }
    #expect(pair.map { $0.parts.count } == [2, 2])
    #expect(pair[0].parts[0].rows == channels && pair[0].parts[0].columns == even)
    #expect(pair[1].parts[0].rows == even && pair[1].parts[0].columns == channels)
  }
}

/// The digits network and its weights before training.
struct DigitsDecompositionTests {
  private static let digits = Fixtures.path + "/sources/digits-mlp"

  private struct Facts: Decodable {
    let name: String
    let standardDeviation: Double
    let keptShare: Double
    let components: Int
    let coactivations: Int
  }

  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func options(maximumLoss: Double? = nil) -> ConversionOptions {
    var options = ConversionOptions(
      sources: [Self.digits + "/weights"], output: folder.file("digits.momos"))
    options.graph = Self.digits + "/graph.json"
    options.overwrites = true
    options.decomposition = DecompositionOptions()
    options.decomposition?.initialWeights = [Self.digits + "/initial"]
    if let maximumLoss {
      options.calibration = ["images=\(Self.digits)/train_images.npy"]
      options.decomposition?.maximumLoss = maximumLoss
    }
    return options
  }

  /// fixtures/fitting/digits-decomposition.json, by numpy and scipy.
  private func facts() throws -> [Facts] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      [Facts].self,
      from: Data(contentsOf: URL(filePath: Fixtures.path + "/fitting/digits-decomposition.json")))
  }

  /// Values in float32 and float64 may lie on different sides of their root mean square.
  @Test func pairsThatAreActiveTogetherAreThoseOfScipy() throws {
    let found = try Conversion(options(maximumLoss: 0.001)).plan().decompositions
    for (found, facts) in zip(found, try facts()) {
      let agreement = try #require(found.agreement)
      #expect(found.name == facts.name && agreement.sampleCount == 1257)
      #expect(abs(agreement.coactivationCount - facts.coactivations) <= facts.coactivations / 500)
    }
  }

  @Test func levelAloneKeepsWhatScipyKeeps() throws {
    let facts = try facts()
    let found = try Conversion(options()).plan().decompositions
    #expect(found.map(\.name) == facts.map(\.name))
    for (found, facts) in zip(found, facts) {
      #expect(found.distribution.origin == .initialWeights && found.distribution.form == .normal)
      #expect(
        abs(found.distribution.standardDeviation - facts.standardDeviation) < 1e-9 * facts.standardDeviation)
      // A block whose evidence is the threshold but for the last bit may fall on either side.
      let blocks = Double(found.matrix.elementCount / 4)
      #expect(abs((1 - found.annealedShare) - facts.keptShare) < 1.5 / blocks)
      #expect(found.structure.parts.count == facts.components)
    }
  }

  @Test func annealingStopsWhereTheOutputsLoseTooMuch() throws {
    var shares: [Double] = []
    for maximumLoss in [0.0001, 0.001, 0.01] {
      let plan = try Conversion(options(maximumLoss: maximumLoss)).plan()
      #expect(plan.decompositions.allSatisfy { ($0.outputLoss ?? 1) <= maximumLoss })
      shares.append(plan.decompositions.reduce(0) { $0 + $1.annealedShare })
    }
    #expect(shares == shares.sorted() && shares[0] < shares[2])
  }

  @Test func perturbationAnnealsMoreAtTheSameLoss() throws {
    var shares: [AnnealingRule: Double] = [:]
    for rule in AnnealingRule.allCases {
      var options = options(maximumLoss: 0.01)
      options.decomposition?.annealing = rule
      let found = try Conversion(options).plan().decompositions
      #expect(found.allSatisfy { $0.annealing == rule && ($0.outputLoss ?? 1) <= 0.01 })
      shares[rule] = found.reduce(0) { $0 + $1.annealedShare }
    }
    #expect(try #require(shares[.perturbation]) > 1.1 * #require(shares[.statistical]))
  }

  /// Dense the network finds 98.9 % of the test images.
  @Test func annealedNetworkKeepsItsAccuracy() throws {
    let conversion = try Conversion(options(maximumLoss: 0.01))
    let plan = try conversion.plan()
    _ = try conversion.run(plan)
    let middle = try #require(plan.decompositions.first { $0.name == "fc2.weight" })
    #expect(middle.annealedShare > 0.2)
    let images = try NPYFixture.tensor(
      at: URL(filePath: Self.digits + "/test_images.npy"), elementType: .uint8)
    let labels = try NPYFixture.tensor(
      at: URL(filePath: Self.digits + "/test_labels.npy"), elementType: .uint8
    ).bytes.array(of: UInt8.self)
    let outputs = try Session(path: folder.file("digits.momos")).run(["images": images])
    let logits = try #require(outputs["logits"]).floats()
    let correct = labels.indices.count { sample in
      let scores = logits[10 * sample..<10 * sample + 10]
      return scores.firstIndex(of: scores.max() ?? 0) == 10 * sample + Int(labels[sample])
    }
    #expect(Double(correct) / Double(labels.count) > 0.96)
  }
}
