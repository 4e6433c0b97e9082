import MomosModel

/// Graphs whose weights are mosaics, in the forms that the planner fuses.
struct GraphSeeds {
  let seeds: Seeds

  func write() throws {
    let input = try Tensor((0..<32).map { Float($0 % 5) - 2 }, shape: Shape([2, 16]))
    let tokens = try Tensor([1, 0, 3] as [Int64], shape: Shape([3]))
    let image = try Tensor((0..<64).map { Float($0 % 3) - 1 }, shape: Shape([1, 4, 4, 4]))
    try add(
      "linear", ["x": input],
      [Node(operatorType: "MatMul", inputs: ["x", "w"], outputs: ["y"])],
      ["w": mosaic(rows: 8, columns: 16, view: MatrixView(permutation: [1, 0], rowAxes: 1), shape: [16, 8])])
    try add(
      "gemm", ["x": input],
      [
        Node(
          operatorType: "Gemm", inputs: ["x", "w"], outputs: ["h"],
          attributes: [NodeAttribute(name: "transB", value: .int(1))]),
        Node(operatorType: "Relu", inputs: ["h"], outputs: ["r"]),
        Node(operatorType: "Softmax", inputs: ["r"], outputs: ["y"]),
      ], ["w": mosaic(rows: 8, columns: 16, isOverlapping: true)])
    try add(
      "embedding", ["t": tokens],
      [
        Node(operatorType: "Gather", inputs: ["w", "t"], outputs: ["e"]),
        Node(operatorType: "Transpose", inputs: ["w"], outputs: ["v"]),
        Node(operatorType: "MatMul", inputs: ["e", "v"], outputs: ["y"]),
      ], ["w": mosaic(rows: 8, columns: 16)])
    try add(
      "convolution", ["x": image],
      [
        Node(
          operatorType: "Conv", inputs: ["x", "w"], outputs: ["h"],
          attributes: [NodeAttribute(name: "pads", value: .ints([1, 1, 1, 1]))]),
        Node(operatorType: "Relu", inputs: ["h"], outputs: ["y"]),
      ],
      [
        "w": mosaic(
          rows: 8, columns: 36, view: MatrixView(permutation: [0, 1, 2, 3], rowAxes: 1), shape: [8, 4, 3, 3])
      ])
    try add(
      "flat", ["x": input],
      [Node(operatorType: "MatMul", inputs: ["x", "w"], outputs: ["y"])],
      [
        "w": mosaic(
          rows: 1, columns: 128, view: MatrixView(permutation: [0, 1], rowAxes: 0), shape: [16, 8], .flat)
      ])
    try add("attention", ["x": input], Self.attention, ["w": mosaic(rows: 16, columns: 16)])
    for (number, value) in Self.attributeValues.enumerated() {
      let attribute = NodeAttribute(name: number % 2 == 0 ? "axis" : "value", value: value)
      try add(
        "attribute-\(number)", ["x": input],
        [
          Node(
            operatorType: number % 2 == 0 ? "Softmax" : "ConstantOfShape", inputs: ["x"], outputs: ["y"],
            attributes: [attribute])
        ], [:])
    }
  }

  /// Attributes of every type, right and wrong ones.
  private static let attributeValues: [AttributeValue] = [
    .int(1), .int(1), .float(1), .float(1), .string([97]), .string([97]), .ints([1]), .ints([1]),
    .floats([1]),
    .floats([1]), .strings([[97]]), .strings([[97]]), .tensor("input x"),
  ]

  /// Attention written out, as exporters do.
  private static let attention = [
    Node(operatorType: "MatMul", inputs: ["x", "w"], outputs: ["q"]),
    Node(
      operatorType: "Transpose", inputs: ["q"], outputs: ["k"],
      attributes: [NodeAttribute(name: "perm", value: .ints([1, 0]))]),
    Node(operatorType: "MatMul", inputs: ["q", "k"], outputs: ["s"]),
    Node(
      operatorType: "Softmax", inputs: ["s"], outputs: ["p"],
      attributes: [NodeAttribute(name: "axis", value: .int(-1))]),
    Node(operatorType: "MatMul", inputs: ["p", "q"], outputs: ["y"]),
  ]

  private func add(
    _ name: String, _ inputs: [String: Tensor], _ nodes: [Node], _ mosaics: [String: MosaicTensor]
  ) throws {
    let graph = Graph(
      inputs: inputs.map { GraphValue(name: $0.key, elementType: $0.value.elementType) },
      outputs: [GraphValue(name: "y")], nodes: nodes)
    try seeds.addGraph(
      graph, [OperatorSet(domain: "", version: 17)], tensors: [], inputs: inputs.map { ($0.key, $0.value) },
      mosaics: mosaics.map { ($0.key, $0.value) }, "mosaic-\(name)")
  }

  private func mosaic(
    rows: Int, columns: Int, isOverlapping: Bool = false, view: MatrixView = .lastAxisIsInput(rank: 2),
    shape: [Int]? = nil, _ blocking: Blocking = .rows
  ) throws -> MosaicTensor {
    let length = isOverlapping ? 8 : 4
    let dictionary = MotifDictionary(
      motifCount: 16, blockLength: 4, isOverlapping: isOverlapping, elementType: .float32,
      values: try Bytes(copying: (0..<16 * length).map { Float($0 % 9) - 4 }))
    let blocks = dictionary.blockCount(covering: columns)
    let mosaic = try Mosaic(
      packing: (0..<rows * blocks).map { UInt16($0 % 16) }, rowCount: rows, blockCount: blocks,
      blockLength: 4,
      indexWidth: 4)
    return MosaicTensor(
      elementType: .float32, shape: try Shape(shape ?? [rows, columns]), view: view, blocking: blocking,
      parts: [MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])])
  }
}
