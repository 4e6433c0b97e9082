import MomosKernels
import MomosModel
import MomosRuntime
import Testing

/// Random graphs of operators of all families, fused and planned, give what their nodes give one by one.
struct RandomExecutionTests {
  @Test(arguments: 0..<24)
  func plannedGraphsGiveWhatTheirNodesGive(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var comparedCount = 0
    for _ in 0..<8 {
      var growth = try GraphGrowth(&generator)
      for _ in 0..<(4 + generator.nextIndex(below: 8)) { try growth.addNodes(&generator) }
      comparedCount += try growth.compare(threadCount: 1 + generator.nextIndex(below: 2))
    }
    #expect(comparedCount >= 8)
  }
}

/// A graph that grows by nodes which can be executed; the value of each is known from executing that node alone.
private struct GraphGrowth {
  /// Values by name: graph inputs and results.
  private var values: [(name: String, tensor: Tensor)] = []
  private let inputs: [String: Tensor]
  private var tensors: [String: Tensor] = [:]
  private var nodes: [Node] = []

  init(_ generator: inout SeededGenerator) throws {
    let shapes = [[2, 3, 4], [2, 4], [4, 4], [1, 2, 6, 5], [2, 4, 2, 3], [2, 2, 4, 3]]
    var inputs: [String: Tensor] = [:]
    for number in 0..<3 {
      let shape = shapes[generator.nextIndex(below: shapes.count)]
      inputs["x\(number)"] = try Self.normals(shape, &generator)
    }
    self.inputs = inputs
    values = inputs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func normals(_ dimensions: [Int], _ generator: inout SeededGenerator) throws -> Tensor {
    let shape = try Shape(dimensions)
    return try Tensor((0..<shape.elementCount).map { _ in Float(generator.nextNormal()) }, shape: shape)
  }

  /// One node, or the nodes of something that fusion knows.
  mutating func addNodes(_ generator: inout SeededGenerator) throws {
    let (name, value) = values[generator.nextIndex(below: values.count)]
    let rank = value.shape.rank
    switch generator.nextIndex(below: 16) {
    case 0: try addActivation(name, &generator)
    case 1: try addBinary(name, &generator)
    case 2: try addReduction(name, rank, &generator)
    case 3: try addNormalization(name, value, &generator)
    case 4:
      try add("Transpose", [name], ["perm": .ints(shuffled(Array(0..<rank), &generator))])
    case 5: try addSlice(name, value, &generator)
    case 6: try add("Concat", [name, name], ["axis": .int(generator.nextIndex(below: max(rank, 1)))])
    case 7: try add("Softmax", [name], ["axis": .int(rank - 1 - generator.nextIndex(below: max(rank, 1)))])
    case 8: try addGather(name, value, &generator)
    case 9: try addProduct(name, value, &generator)
    case 10: try addConvolution(name, value, &generator)
    case 11: try addPooling(name, &generator)
    case 12: try addCast(name, &generator)
    case 13: try addNormalizationWrittenOut(name, value, &generator)
    case 14: try addGeluWrittenOut(name)
    default: try addAttention(name, value, &generator)
    }
  }

  /// Adds a node if it can be executed alone and what it gives is small; its output's name, or nil.
  @discardableResult
  private mutating func add(
    _ operatorType: String, _ inputs: [String], _ attributes: [String: AttributeValue] = [:]
  ) throws -> String? {
    let output = "y\(nodes.count)"
    let node = TestModel.node(operatorType, inputs, [output], attributes)
    let known = Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.tensor) })
    let read = Set(inputs)
    let model = TestModel.make(
      [node], tensors: tensors.filter { read.contains($0.key) },
      inputs: known.keys.filter(read.contains).sorted().map { GraphValue(name: $0) }, outputs: [output],
      version: Self.version)
    do {
      let plan = try ExecutionPlan(model: model, precision: .exact)
      let results = try plan.execute(known.filter { read.contains($0.key) })
      guard let result = results[output], result.elementCount <= 2000, Self.isTame(result) else { return nil }
      nodes.append(node)
      values.append((output, result))
      return output
    } catch {
      return nil
    }
  }

  private static let version = 17

  /// Whether errors of rounding stay small in what follows.
  private static func isTame(_ tensor: Tensor) -> Bool {
    guard let numbers = numbers(tensor) else { return true }
    return numbers.allSatisfy { abs($0) < 100 }
  }

  /// Real numbers; nil for integers.
  private static func numbers(_ tensor: Tensor) -> [Double]? {
    switch tensor.elementType {
    case .float64: tensor.bytes.array(of: Double.self)
    case .float32, .float16, .bfloat16: tensor.floats().map(Double.init)
    default: nil
    }
  }

  /// A new tensor of the model.
  private mutating func constant(_ tensor: Tensor) -> String {
    let name = "w\(tensors.count)"
    tensors[name] = tensor
    return name
  }

  private mutating func scalar(_ value: Float) throws -> String {
    constant(try Tensor([value], shape: try Shape([])))
  }

  private mutating func integers(_ values: [Int]) throws -> String {
    constant(try Tensor(values.map(Int64.init), shape: Shape(vector: values.count)))
  }

  private func shuffled(_ values: [Int], _ generator: inout SeededGenerator) -> [Int] {
    var rest = values
    return values.map { _ in rest.remove(at: generator.nextIndex(below: rest.count)) }
  }

  private func any(_ names: [String], _ generator: inout SeededGenerator) -> String {
    names[generator.nextIndex(below: names.count)]
  }

  private mutating func addActivation(_ name: String, _ generator: inout SeededGenerator) throws {
    let functions = ["Relu", "Tanh", "Sigmoid", "Erf", "Neg", "Abs", "Identity", "Softplus", "HardSigmoid"]
    try add(any(functions, &generator), [name])
  }

  private mutating func addBinary(_ name: String, _ generator: inout SeededGenerator) throws {
    let operations = ["Add", "Sub", "Mul", "Max", "Min"]
    let others = values.map(\.name)
    try add(any(operations, &generator), [name, any(others, &generator)])
  }

  private mutating func addReduction(_ name: String, _ rank: Int, _ generator: inout SeededGenerator) throws {
    let reductions = ["ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1"]
    let axis = generator.nextIndex(below: max(rank, 1))
    try add(
      any(reductions, &generator), [name],
      ["axes": .ints([axis]), "keepdims": .int(generator.nextIndex(below: 2))])
  }

  private mutating func addNormalization(
    _ name: String, _ value: Tensor, _ generator: inout SeededGenerator
  ) throws {
    guard let width = value.shape.dimensions.last, value.elementType == .float32 else { return }
    let scale = constant(try Self.normals([width], &generator))
    let bias = constant(try Self.normals([width], &generator))
    try add("LayerNormalization", [name, scale, bias], ["epsilon": .float(0.1)])
  }

  private mutating func addSlice(_ name: String, _ value: Tensor, _ generator: inout SeededGenerator) throws {
    guard value.shape.rank > 0 else { return }
    let axis = generator.nextIndex(below: value.shape.rank)
    let starts = try integers([generator.nextIndex(below: 2)])
    let ends = try integers([value.shape[axis]])
    let axes = try integers([axis])
    let steps = try integers([1 + generator.nextIndex(below: 2)])
    try add("Slice", [name, starts, ends, axes, steps])
  }

  private mutating func addGather(_ name: String, _ value: Tensor, _ generator: inout SeededGenerator) throws
  {
    guard value.shape.rank > 0 else { return }
    let axis = generator.nextIndex(below: value.shape.rank)
    let indices = try integers((0..<3).map { _ in generator.nextIndex(below: max(value.shape[axis], 1)) })
    try add("Gather", [name, indices], ["axis": .int(axis)])
  }

  /// A product with a weight, often with a bias and an activation, or with another value.
  private mutating func addProduct(_ name: String, _ value: Tensor, _ generator: inout SeededGenerator) throws
  {
    guard let width = value.shape.dimensions.last, value.elementType == .float32 else { return }
    if generator.nextIndex(below: 4) == 0 {
      let others = values.map(\.name)
      try add("MatMul", [name, any(others, &generator)])
      return
    }
    let weight = constant(try Self.normals([width, 4], &generator))
    guard let product = try add("MatMul", [name, weight]) else { return }
    let bias = constant(try Self.normals([4], &generator))
    let inputs = generator.nextIndex(below: 2) == 0 ? [product, bias] : [bias, product]
    guard generator.nextIndex(below: 4) > 0, let sum = try add("Add", inputs) else { return }
    if generator.nextIndex(below: 2) == 0 { try addActivation(sum, &generator) }
  }

  /// A convolution, often with what follows it in networks.
  private mutating func addConvolution(
    _ name: String, _ value: Tensor, _ generator: inout SeededGenerator
  ) throws {
    guard value.shape.rank == 4, value.elementType == .float32 else { return }
    let channels = value.shape[1]
    let groups = generator.nextIndex(below: 2) == 0 ? channels : 1
    let filters = constant(try Self.normals([channels, channels / max(groups, 1), 3, 3], &generator))
    let attributes: [String: AttributeValue] = ["pads": .ints([1, 1, 1, 1]), "group": .int(groups)]
    guard var last = try add("Conv", [name, filters], attributes) else { return }
    if generator.nextIndex(below: 2) == 0 {
      let parameters = try (0..<3).map { _ in constant(try Self.normals([channels], &generator)) }
      let variance = constant(
        try Tensor([Float](repeating: 2, count: channels), shape: Shape(vector: channels)))
      guard let normalized = try add("BatchNormalization", [last] + parameters + [variance]) else { return }
      last = normalized
    }
    if generator.nextIndex(below: 2) == 0, let sum = try add("Add", [last, name]) { last = sum }
    if generator.nextIndex(below: 2) == 0 { try add("Relu", [last]) }
  }

  private mutating func addPooling(_ name: String, _ generator: inout SeededGenerator) throws {
    if generator.nextIndex(below: 3) == 0 {
      try add(any(["GlobalAveragePool", "GlobalMaxPool"], &generator), [name])
      return
    }
    try add(
      any(["MaxPool", "AveragePool"], &generator), [name],
      ["kernel_shape": .ints([2, 2]), "strides": .ints([1, 1 + generator.nextIndex(below: 2)])])
  }

  private mutating func addCast(_ name: String, _ generator: inout SeededGenerator) throws {
    // Rounding to other types would make much of little differences.
    let types: [ElementType] = [.float32, .float32, .float64]
    try add("Cast", [name], ["to": .int(types[generator.nextIndex(below: types.count)].rawValue)])
  }

  private mutating func addNormalizationWrittenOut(
    _ name: String, _ value: Tensor, _ generator: inout SeededGenerator
  ) throws {
    guard let width = value.shape.dimensions.last, value.elementType == .float32,
      let mean = try add("ReduceMean", [name], ["axes": .ints([-1])]),
      let difference = try add("Sub", [name, mean]),
      let square = try add("Pow", [difference, try scalar(2)]),
      let variance = try add("ReduceMean", [square], ["axes": .ints([-1])]),
      let sum = try add("Add", [variance, try scalar(0.1)]), let root = try add("Sqrt", [sum]),
      let quotient = try add("Div", [difference, root])
    else { return }
    let scale = constant(try Self.normals([width], &generator))
    let bias = constant(try Self.normals([width], &generator))
    guard let scaled = try add("Mul", [quotient, scale]) else { return }
    try add("Add", [scaled, bias])
  }

  private mutating func addGeluWrittenOut(_ name: String) throws {
    guard let quotient = try add("Div", [name, try scalar(1.4142135)]),
      let curve = try add("Erf", [quotient]),
      let sum = try add("Add", [curve, try scalar(1)]), let product = try add("Mul", [name, sum])
    else { return }
    try add("Mul", [product, try scalar(0.5)])
  }

  /// Attention written out in one of its forms; all operands come from one value.
  private mutating func addAttention(
    _ name: String, _ value: Tensor, _ generator: inout SeededGenerator
  ) throws {
    guard value.shape.rank == 4,
      let query = try add("Transpose", [name], ["perm": .ints([0, 2, 1, 3])]),
      let key = try add("Transpose", [name], ["perm": .ints([0, 2, 3, 1])]),
      var scores = try add("MatMul", [query, key])
    else { return }
    if generator.nextIndex(below: 2) == 0 {
      guard let scaled = try add("Div", [scores, try scalar(2)]) else { return }
      scores = scaled
    }
    if generator.nextIndex(below: 2) == 0 {
      let mask = constant(try Self.normals([value.shape[1]], &generator))
      guard let masked = try add("Add", [scores, mask]) else { return }
      scores = masked
    }
    guard let weights = try add("Softmax", [scores], ["axis": .int(-1)]),
      let other = try add("Transpose", [name], ["perm": .ints([0, 2, 1, 3])]),
      let sums = try add("MatMul", [weights, other])
    else { return }
    if generator.nextIndex(below: 2) == 0 { try add("Transpose", [sums], ["perm": .ints([0, 2, 1, 3])]) }
  }

  /// Executes the whole graph with only its last values as outputs, so that the others may vanish in joined nodes.
  /// - Returns: how many outputs were compared.
  func compare(threadCount: Int) throws -> Int {
    guard !nodes.isEmpty else { return 0 }
    let read = Set(nodes.flatMap(\.inputs))
    let outputs = values.filter { value in !read.contains(value.name) && !inputs.keys.contains(value.name) }
    let model = TestModel.make(
      nodes, tensors: tensors, inputs: inputs.keys.sorted().map { GraphValue(name: $0) },
      outputs: outputs.map(\.name), version: Self.version)
    let plan = try ExecutionPlan(
      model: model, pool: ThreadPool(threadCount: threadCount), precision: .exact)
    // The second time everything is planned.
    for _ in 0..<2 {
      let results = try plan.execute(inputs)
      for (name, expected) in outputs { expectEqual(try #require(results[name]), expected, name) }
    }
    return outputs.count
  }

  private func expectEqual(_ found: Tensor, _ expected: Tensor, _ name: String) {
    let graph = nodes.map { "\($0.outputs[0]) = \($0.operatorType)\($0.inputs)" }.joined(separator: "; ")
    let isOfType = found.elementType == expected.elementType && found.shape == expected.shape
    #expect(isOfType, "\(name) of \(graph)")
    guard isOfType else { return }
    guard let numbers = Self.numbers(expected), let others = Self.numbers(found) else {
      #expect(found.bytes == expected.bytes, "\(name) of \(graph)")
      return
    }
    let bound = 1e-4 * (1 + (numbers.map { abs($0) }.max() ?? 0))
    let error = zip(numbers, others).map { $0 == $1 || ($0.isNaN && $1.isNaN) ? 0 : abs($0 - $1) }.max() ?? 0
    #expect(error <= bound, "\(name) of \(graph)")
  }
}
