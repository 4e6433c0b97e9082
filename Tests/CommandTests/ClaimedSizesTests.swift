import Momos
import MomosTestSupport
import Testing

/// Small files that claim more weights than memory holds: a dictionary of one motif needs no indices. They are valid, and
/// what cannot be done with them ends in one line.
@Suite(.disabled(if: Sanitizer.isActive))
struct ClaimedSizesTests {
  /// Far more than the work takes, far less than the tensors claim.
  private static let limit = Command.Limit.addressSpace(768 << 20)
  /// The largest extent of a matrix (rule M-03).
  private static let extent = Int(Int32.max)

  enum Claim: CaseIterable {
    case wide, tall, flat, copied

    fileprivate var shape: [Int] { self == .tall ? [extent, 1] : [1, extent] }
  }

  /// Writes a file of some hundred bytes with the tensor "w".
  private func write(_ claim: Claim, to path: String) throws {
    let (rows, columns) = (claim.shape[0], claim.shape[1])
    let dictionary = MotifDictionary(
      motifCount: 1, blockLength: 1, elementType: .float32, values: try Bytes(copying: [0.5] as [Float]))
    let mosaic = Mosaic(
      rowCount: rows, blockCount: columns, blockLength: 1, indexWidth: 0, layout: .rowMajor, bytes: Bytes())
    let writer = try MomosWriter(path: path)
    try writer.write(
      name: "w",
      mosaic: MosaicTensor(
        elementType: .float32, shape: try Shape(claim.shape),
        view: claim == .flat ? MatrixView(permutation: [0, 1], rowAxes: 0) : .lastAxisIsInput(rank: 2),
        blocking: claim == .flat ? .flat : .rows, composition: claim == .copied ? .copy : .sum,
        parts: [MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])]))
    _ = try writer.finish()
  }

  private func makeFolder(_ claim: Claim) throws -> TestFolder {
    let folder = try TestFolder()
    try write(claim, to: folder.file("w.momos"))
    #expect(try folder.bytes(of: "w.momos").count < 1024)
    return folder
  }

  @Test(arguments: Claim.allCases) func checkingTakesNoMemory(claim: Claim) throws {
    let result = try Command.inspect(
      ["w.momos", "--check", "--tensors"], in: makeFolder(claim), limit: Self.limit)
    result.expectSuccess()
    #expect(result.standardOutput.contains(claim.shape.map(String.init).joined(separator: "x")))
  }

  @Test(arguments: Claim.allCases) func verificationIsRefused(claim: Claim) throws {
    try Command.verify(["w.momos"], in: makeFolder(claim), limit: Self.limit)
      .expectRefusal(74, "cannot allocate")
  }

  @Test(arguments: Claim.allCases) func extractionIsRefused(claim: Claim) throws {
    let folder = try makeFolder(claim)
    try Command.inspect(["w.momos", "--extract", "w=w.npy"], in: folder, limit: Self.limit)
      .expectRefusal(74, "cannot allocate")
    #expect(folder.names == ["w.momos"])
  }

  @Test(arguments: Claim.allCases) func measuringComplexityIsRefused(claim: Claim) throws {
    try Command.inspect(["w.momos", "--complexity"], in: makeFolder(claim), limit: Self.limit)
      .expectRefusal(74, "cannot allocate")
  }

  @Test func productsAreRefused() throws {
    let folder = try makeFolder(.tall)
    try NPYFixture.write(try Tensor([1] as [Float], shape: Shape([1, 1])), to: folder.file("x.npy"))
    let arguments = ["w.momos", "--tensor", "w", "--input", "x.npy", "--output", "y.npy"]
    try Command.run(arguments, in: folder, limit: Self.limit).expectRefusal(74, "cannot allocate")
    #expect(folder.names == ["w.momos", "x.npy"])
  }

  /// A folder with `g.momos`, which looks up rows of a tensor of 8 GiB.
  private func makeFolderWithGraph() throws -> TestFolder {
    let folder = try makeFolder(.wide)
    let model = try MomosReader(path: folder.file("w.momos")).loadModel()
    let writer = try MomosWriter(path: folder.file("g.momos"))
    for tensor in model.tensors { try writer.write(tensor) }
    let graph = Graph(
      inputs: [GraphValue(name: "i", elementType: .int64)], outputs: [GraphValue(name: "y")],
      nodes: [Node(operatorType: "Gather", inputs: ["w", "i"], outputs: ["y"])])
    _ = try writer.finish(graphs: [graph], operatorSets: [OperatorSet(domain: "", version: 17)])
    return folder
  }

  /// The weights of an ONNX model of more than 1 GiB go to a file of their own.
  @Test func fileWithTheDataOfAModelIsNotReplacedUnasked() throws {
    let folder = try makeFolderWithGraph()
    try folder.write([1], to: "g.onnx.data")
    try Command.convert(["g.momos", "-o", "g.onnx"], in: folder, limit: Self.limit)
      .expectRefusal(64, "g.onnx.data", "--force")
    #expect(try folder.bytes(of: "g.onnx.data") == [1])
  }

  @Test func lookedUpRowsAreRefused() throws {
    let folder = try makeFolderWithGraph()
    try NPYFixture.write(try Tensor([0] as [Int64], shape: Shape([1])), to: folder.file("i.npy"))
    try Command.run(
      ["g.momos", "--input", "i=i.npy", "--output", "y=y.npy"], in: folder, limit: Self.limit
    ).expectRefusal(74, "cannot allocate")
  }

  /// Many tensors whose claims together are more than an integer holds.
  @Test func sumsOfClaimsDoNotOverflow() throws {
    let folder = try TestFolder()
    let (rows, columns) = (Self.extent, 1 << 17)
    let dictionary = MotifDictionary(
      motifCount: 1, blockLength: 64, elementType: .float32,
      values: try Bytes(copying: [Float](repeating: 0, count: 64)))
    let mosaic = Mosaic(
      rowCount: rows, blockCount: columns / 64, blockLength: 64, indexWidth: 0, layout: .rowMajor,
      bytes: Bytes())
    let writer = try MomosWriter(path: folder.file("w.momos"))
    for number in 0..<4200 {
      try writer.write(
        name: "w\(number)",
        mosaic: MosaicTensor(
          elementType: .float64, shape: Shape(rows: rows, columns: columns), view: .lastAxisIsInput(rank: 2),
          parts: [MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])]))
    }
    let outputs = [GraphValue(name: "w0"), GraphValue(name: "y")]
    let nodes = [
      Node(operatorType: "Sum", inputs: (0..<4200).map { "w\($0)" }, outputs: ["y"])
    ]
    _ = try writer.finish(
      graphs: [Graph(inputs: [], outputs: outputs, nodes: nodes)],
      operatorSets: [OperatorSet(domain: "", version: 17)])
    for options in [[], ["--tensors"], ["--json"]] {
      try Command.inspect(["w.momos"] + options, in: folder, limit: Self.limit).expectSuccess()
    }
    for output in ["w.npz", "w.safetensors", "w.onnx"] {
      try Command.convert(["w.momos", "-o", output], in: folder, limit: Self.limit)
        .expectRefusal(74, "w.momos", "fit into a file")
    }
  }
}
