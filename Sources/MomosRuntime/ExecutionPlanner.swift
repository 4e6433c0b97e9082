import MomosModel

/// Turns a graph into steps, and refuses what cannot be executed.
struct ExecutionPlanner {
  let graph: Graph
  private let operatorSets: [OperatorSet]
  /// With the weight matrices that the plan made.
  private(set) var tensors: ModelTensors
  /// Slots by the name of their value or tensor.
  private(set) var slots: [String: Int] = [:]
  /// Tensors that hold weights and that some node, or the caller, takes otherwise than as its linear operand.
  private(set) var otherwiseUsed: Set<String> = []
  /// Dense tensors by slot.
  private(set) var constants: [Int: Tensor] = [:]
  private(set) var steps: [ExecutionStep] = []

  init(_ model: Model, graph number: Int, precision: Precision) throws(RuntimeError) {
    guard model.graphs.indices.contains(number) else {
      throw .graphNotFound(number: number, graphCount: model.graphs.count)
    }
    try self.init(
      model.graphs[number], operatorSets: model.operatorSets,
      tensors: ModelTensors(model.tensors, precision: precision))
  }

  init(_ graph: Graph, operatorSets: [OperatorSet], tensors: ModelTensors) throws(RuntimeError) {
    self.graph = graph
    self.operatorSets = operatorSets
    self.tensors = tensors
    try planNodes()
    try placeOutputs()
    planReleases()
  }

  var slotCount: Int { slots.count }
  var inputSlots: [Int] { graph.inputs.map { slots[$0.name, default: 0] } }
  var outputSlots: [Int] { graph.outputs.map { slots[$0.name, default: 0] } }

  private mutating func planNodes() throws(RuntimeError) {
    let structure = GraphStructure(graph)
    try structure.validate(isTensor: tensors.contains)
    for input in graph.inputs { _ = slot(of: input.name) }
    let transposed = TransposedTensors(graph) { [tensors] in tensors.linearRank(of: $0) }
    let order = try structure.executionOrder().map(\.withoutTrailingOmissions).filter { node in
      !node.outputs.contains { transposed.sources[$0] != nil }
    }
    tensors.add(transposed)
    let nodes = GraphFusion.joined(
      order, outputs: graph.outputs, tensors: tensors, operatorSets: operatorSets)
    let read = Set(nodes.flatMap(\.node.inputs) + graph.outputs.map(\.name))
    for node in nodes { steps.append(try step(for: node, read: read)) }
    for node in nodes {
      for case .tensor(let name) in node.node.attributes.map(\.value) {
        otherwiseUsed.insert(tensors.holder(of: name))
      }
    }
  }

  /// - Parameter read: names of the values that a needed node or the caller reads.
  private mutating func step(for planned: PlannedNode, read: Set<String>) throws(RuntimeError)
    -> ExecutionStep
  {
    let node = planned.node
    let nodes = try joinedNodes(of: planned)
    let (operation, operands) = try operation(of: node, joined: planned.joined, nodes)
    return ExecutionStep(
      label: NodeLabel(node), operation: operation, inputs: operands.inputs,
      outputs: node.outputs.map { read.contains($0) && $0 != "" ? slot(of: $0) : nil },
      weight: operands.stepWeight)
  }

  /// The nodes that a joined one stands for, each checked as if it stood alone.
  private mutating func joinedNodes(of planned: PlannedNode) throws(RuntimeError) -> JoinedNodes? {
    guard !planned.parts.isEmpty else { return nil }
    // What they read and give is no part of the plan.
    let saved = (slots, constants)
    var joined = JoinedNodes(inputs: planned.node.inputs)
    for node in planned.parts { joined.append(node, try operation(of: node).operation) }
    (slots, constants) = saved
    return joined
  }

  /// - Parameter joined: what a node of fusion is; nil for a node of the graph.
  private mutating func operation(
    of node: Node, joined: (entry: OperatorEntry, version: Int)? = nil, _ nodes: JoinedNodes? = nil
  ) throws(RuntimeError) -> (operation: any Operator, operands: NodeOperands) {
    let label = NodeLabel(node)
    let attributes = try AttributeReader(node, label: label) { [tensors] in tensors.dense($0) }
    let (entry, version) =
      if let joined { joined } else {
        try OperatorRegistry.resolve(node, label: label, operatorSets: operatorSets)
      }
    try entry.checkCounts(of: node, label: label)
    let operands = try operands(of: node, label, entry)
    var context = OperatorContext(
      label: label, version: version, inputCount: node.inputs.count, outputCount: node.outputs.count,
      attributes: attributes, linearWeight: operands.weight, linearWeightShape: operands.weightShape,
      rowTable: operands.rowTable, constants: operands.constants, joined: nodes)
    let operation = try entry.type.init(&context)
    try context.attributes.finish(version: version)
    return (operation, operands)
  }

  /// Where a node finds its inputs, and those that are tensors of the model.
  private mutating func operands(
    of node: Node, _ label: NodeLabel, _ entry: OperatorEntry
  ) throws(RuntimeError) -> NodeOperands {
    let linear = entry.linearOperand(of: node) { tensors.linearRank(of: $0) }
    var operands = NodeOperands()
    for (position, name) in node.inputs.enumerated() {
      if let operand = linear?.operand, position == operand.position, let type = tensors.type(of: name) {
        operands.stepWeight = StepWeight(
          name: tensors.holder(of: name), shape: type.shape,
          columns: operand.view.matrixShape(of: type.shape)[1])
      }
      if name == "" {
        operands.inputs.append(.omitted)
      } else if let operand = linear?.operand, position == operand.position,
        let type = tensors.type(of: name),
        operand.use == .product || tensors.dense(name) == nil
      {
        switch operand.use {
        case .product:
          operands.weight = try tensors.linearWeight(name, operand.view, for: label)
          operands.weightShape = type.shape
        case .rows: operands.rowTable = try tensors.rowTable(name, operand.view, for: label)
        }
        operands.inputs.append(.linearWeight(type))
      } else {
        if tensors.contains(name) {
          guard let tensor = tensors.dense(name) else { throw .mosaicTakenDense(tensor: name, node: label) }
          operands.constants[position] = tensor
          if position != linear?.operand.position { otherwiseUsed.insert(tensors.holder(of: name)) }
          self.constants[slot(of: name)] = tensor
        }
        operands.inputs.append(.slot(slot(of: name)))
      }
    }
    return operands
  }

  /// Gives graph outputs that are tensors of the model a slot.
  private mutating func placeOutputs() throws(RuntimeError) {
    for output in graph.outputs where tensors.contains(output.name) {
      guard let tensor = tensors.dense(output.name) else { throw .mosaicTakenAsOutput(tensor: output.name) }
      constants[slot(of: output.name)] = tensor
      otherwiseUsed.insert(tensors.holder(of: output.name))
    }
  }

  /// Lets every value go after the last step that reads it; tensors of the model and graph outputs stay.
  private mutating func planReleases() {
    var kept = Set(outputSlots).union(constants.keys)
    for number in steps.indices.reversed() {
      for case .slot(let slot) in steps[number].inputs where kept.insert(slot).inserted {
        steps[number].released.append(slot)
      }
    }
  }

  private mutating func slot(of name: String) -> Int {
    if let slot = slots[name] { return slot }
    slots[name] = slots.count
    return slots.count - 1
  }
}

/// What the plan found for the inputs of one node.
private struct NodeOperands {
  var inputs: [StepInput] = []
  var weight: LinearWeight?
  var weightShape: Shape?
  var rowTable: RowReconstruction?
  var stepWeight: StepWeight?
  /// Dense tensors of the model by position.
  var constants: [Int: Tensor] = [:]
}

extension Node {
  /// The node without omitted inputs and outputs at the end of its lists, where they mean nothing.
  fileprivate var withoutTrailingOmissions: Node {
    var node = self
    while node.inputs.last == "" { node.inputs.removeLast() }
    while node.outputs.last == "" { node.outputs.removeLast() }
    return node
  }
}
