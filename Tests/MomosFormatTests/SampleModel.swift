import MomosModel

@testable import MomosFormat

/// A small model that uses every feature of the format once.
enum SampleModel {
  static func model() throws -> Model {
    var random = RandomMosaic(seed: 1)
    let shared = try random.dictionary(motifCount: 5, blockLength: 4, hasZeroMotif: true)
    var model = Model()
    func add(_ name: String, _ content: TensorContent) {
      model.tensors.append(NamedTensor(name: name, content: content))
    }
    add("floats", .dense(try Tensor([1, -2, .nan, .infinity, 0, -0.0], shape: Shape([2, 3]))))
    add(
      "bools",
      .dense(
        Tensor(
          elementType: .bool, shape: Shape(vector: 4), bytes: try Bytes(copying: [1, 0, 0, 1] as [UInt8]))))
    add("empty", .dense(try Tensor([] as [Float], shape: Shape([0, 3]))))
    add("scalar", .dense(try Tensor([7] as [Int64], shape: Shape([]))))
    add("repeated", .alias("floats"))
    add(
      "simple",
      .mosaic(
        try random.tensor(rows: 6, columns: 10, dictionaries: [shared], rowScale: .float16, outlierCount: 3)))
    add("parts", .mosaic(try parts(&random, shared)))
    add("flat", .mosaic(try flat(&random)))
    add("copied", .mosaic(try copied(&random)))
    add(
      "overlapping",
      .mosaic(
        try random.tensor(
          rows: 3, columns: 9,
          dictionaries: [
            try random.dictionary(motifCount: 6, blockLength: 2, isOverlapping: true, isAntipodal: true),
            try random.dictionary(motifCount: 300, blockLength: 3, elementType: .int8),
          ], rowScale: .float32)))
    add(
      "single",
      .mosaic(
        try random.tensor(
          rows: 2, columns: 4, dictionaries: [try random.dictionary(motifCount: 1, blockLength: 4)])))
    model.graphs = graphs
    model.operatorSets = [
      OperatorSet(domain: "", version: 17), OperatorSet(domain: "com.example", version: 1),
    ]
    model.provenance = provenance
    return model
  }

  /// The bytes of the model as a file.
  static func bytes(compress: Bool = false) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    try write(try model(), to: folder.file("sample.momos"), options: .init(compress: compress))
    return try MappedFile.open(folder.file("sample.momos")).array(of: UInt8.self)
  }

  @discardableResult
  static func write(
    _ model: Model, to path: String, options: MomosWriter.Options = .init()
  ) throws -> WriteSummary {
    let writer = try MomosWriter(path: path, options: options)
    for tensor in model.tensors { try writer.write(tensor) }
    return try writer.finish(
      graphs: model.graphs, operatorSets: model.operatorSets, provenance: model.provenance)
  }

  /// A convolution weight [2, 3, 2, 3] seen as a matrix [6, 6] in two parts of two stages each.
  private static func parts(_ random: inout RandomMosaic, _ shared: MotifDictionary) throws -> MosaicTensor {
    let antipodal = try random.dictionary(
      motifCount: 14, blockLength: 2, elementType: .bfloat16, isAntipodal: true)
    let view = MatrixView(permutation: [1, 0, 3, 2], rowAxes: 2)
    let first = MosaicPart(
      rows: [0, 2, 5], columns: [0, 1, 2, 3, 4],
      stages: [
        try random.stage(shared, rowCount: 3, columnCount: 5),
        try random.stage(antipodal, rowCount: 3, columnCount: 5),
      ])
    let second = MosaicPart(
      rows: [1, 3, 4], stages: [try random.stage(antipodal, rowCount: 3, columnCount: 6)],
      rowScale: try random.rowScale(.float32, rowCount: 3))
    return MosaicTensor(
      elementType: .float16, shape: try Shape([2, 3, 2, 3]), view: view, parts: [first, second],
      outliers: random.outliers(2, rowCount: 6, columnCount: 6))
  }

  private static func flat(_ random: inout RandomMosaic) throws -> MosaicTensor {
    let dictionary = try random.dictionary(motifCount: 3, blockLength: 8, elementType: .float32)
    return MosaicTensor(
      elementType: .float32, shape: try Shape([3, 7]), view: MatrixView(permutation: [0, 1], rowAxes: 0),
      blocking: .flat,
      parts: [MosaicPart(stages: [try random.stage(dictionary, rowCount: 1, columnCount: 21)])])
  }

  private static func copied(_ random: inout RandomMosaic) throws -> MosaicTensor {
    let dictionary = try random.dictionary(
      motifCount: 4, blockLength: 2, elementType: .float64, isAntipodal: true)
    return MosaicTensor(
      elementType: .float64, shape: try Shape([4, 5]), view: .lastAxisIsInput(rank: 2), composition: .copy,
      parts: [MosaicPart(stages: [try random.stage(dictionary, rowCount: 4, columnCount: 5)])])
  }

  private static let graphs = [
    Graph(
      name: "main",
      inputs: [
        GraphValue(
          name: "x", elementType: .float32, dimensions: [.symbol("batch"), .size(10), .unknown])
      ], outputs: [GraphValue(name: "y", elementType: .float32, dimensions: [])],
      nodes: [
        Node(
          name: "first", operatorType: "Everything", domain: "com.example", inputs: ["x", "", "simple"],
          outputs: ["y"],
          attributes: [
            NodeAttribute(name: "float", value: .float(0.1)),
            NodeAttribute(name: "int", value: .int(-3)),
            NodeAttribute(name: "string", value: .string([0, 255, 10])),
            NodeAttribute(name: "floats", value: .floats([1, -0.0])),
            NodeAttribute(name: "ints", value: .ints([Int.min, Int.max])),
            NodeAttribute(name: "strings", value: .strings([[], [65]])),
            NodeAttribute(name: "none", value: .ints([])),
            NodeAttribute(name: "tensor", value: .tensor("floats")),
            NodeAttribute(name: "graph", value: .graph(1)),
          ])
      ]),
    Graph(inputs: [], outputs: [GraphValue(name: "z")], nodes: []),
  ]

  private static let provenance = Provenance(
    toolVersion: "0.1", seed: 42, options: [ProvenanceOption(name: "effort", value: "fast")],
    tensors: [
      TensorProvenance(
        tensorName: "simple", sourceDigest: .max, className: "s4k5", bits: 0.75, relativeError: 0.125,
        outputError: 0.0625, predictedLoss: 0.03125, measuredLoss: 0)
    ])
}

/// A model's values in a form that can be compared; NaN equals NaN, bit for bit.
func comparable(_ model: Model) -> [String] {
  model.tensors.map { tensor in
    switch tensor.content {
    case .dense(let dense): "\(tensor.name) \(dense.elementType) \(dense.shape) \(dense.bytes.hashValue)"
    case .mosaic(let mosaic): "\(tensor.name) \(mosaic.hashValue)"
    case .alias(let target): "\(tensor.name) = \(target)"
    }
  } + ["\(model.graphs.hashValue)", "\(model.operatorSets)", "\(model.provenance)"]
}
