public import MomosKernels
public import MomosModel
import Synchronization

/// A graph made ready to execute: checked, sorted, its operators built and its weights arranged.
///
/// A plan belongs to one machine and is never stored. It is immutable: several threads may execute it at once.
/// Results do not depend on the number of threads.
public struct ExecutionPlan: Sendable {
  /// What the graph declares.
  public let inputs: [GraphValue]
  /// What the graph declares; the dimensions are for the reader, the nodes decide the shapes.
  public let outputs: [GraphValue]
  /// How exactly mosaics are multiplied.
  public let precision: Precision

  let steps: [ExecutionStep]
  private let slotCount: Int
  /// Slots by the name of their value or tensor.
  let slots: [String: Int]
  /// Tensors that are used otherwise than as the weight of a step.
  let otherwiseUsed: Set<String>
  private let inputSlots: [Int]
  private let outputSlots: [Int]
  private let base: Specialization
  private let prepared = PreparedExecutions()
  private let pool: ThreadPool

  /// Plans a graph of a model.
  ///
  /// What depends on no input is computed here, once.
  /// - Parameters:
  ///   - graph: position in `model.graphs`.
  ///   - pool: the threads that executions use.
  /// - Throws: for everything that no input could make right. Where the graph fixes all input types, that
  ///   includes every type and shape inside it that does not depend on the elements of an input.
  public init(
    model: Model, graph: Int = 0, pool: ThreadPool = ThreadPool(threadCount: 1),
    precision: Precision = .fast
  ) throws(RuntimeError) {
    try self.init(
      ExecutionPlanner(model, graph: graph, precision: precision), pool: pool, precision: precision)
  }

  init(_ planner: ExecutionPlanner, pool: ThreadPool, precision: Precision) throws(RuntimeError) {
    inputs = planner.graph.inputs
    outputs = planner.graph.outputs
    steps = planner.steps
    slotCount = planner.slotCount
    slots = planner.slots
    otherwiseUsed = planner.otherwiseUsed
    inputSlots = planner.inputSlots
    outputSlots = planner.outputSlots
    base = try Specialization(steps, slotCount: slotCount, constants: planner.constants, pool: pool)
    self.pool = pool
    self.precision = precision
    if let types = try InputBinding(inputs).fixedTypes() { _ = try preparedExecution(for: types) }
  }

  /// Executes the graph once.
  ///
  /// The first execution for new input types plans shapes and memory, which later ones find done.
  /// - Parameter inputs: one tensor for every graph input, by name.
  /// - Returns: one tensor for every graph output, by name.
  /// - Throws: for missing, extra, wrongly typed or shaped inputs and for shapes that contradict each other
  ///   inside the graph, before the first operator runs unless they depend on elements; later only for those,
  ///   for integer division by zero, indices out of range and exhausted memory.
  public func execute(_ inputs: [String: Tensor]) throws(RuntimeError) -> [String: Tensor] {
    try execute(inputs) { (execution, step, number) throws(RuntimeError) in
      try execution.execute(step, number: number)
    }
  }

  /// Executes the graph once and tells what every node took, in the order of execution.
  ///
  /// Nodes that were joined are one; those whose outputs were known beforehand are left out.
  public func measureNodes(_ inputs: [String: Tensor]) throws(RuntimeError) -> [NodeTime] {
    var times: [NodeTime] = []
    _ = try execute(inputs) { (execution, step, number) throws(RuntimeError) in
      let stopwatch = Stopwatch()
      try execution.execute(step, number: number)
      guard !execution.isDone(number) else { return }
      times.append(
        NodeTime(label: step.label, hasWeight: step.hasWeight, duration: stopwatch.elapsed))
    }
    return times
  }

  /// Executes the graph once and shows what every node gives that multiplies by a weight of the model or looks its
  /// rows up.
  ///
  /// - Parameter observe: called in the order of execution with the first output, which lives during the call.
  /// - Returns: as `execute`.
  public func execute(
    _ inputs: [String: Tensor], observing observe: (NodeLabel, Tensor) -> Void
  ) throws(RuntimeError) -> [String: Tensor] {
    try execute(inputs) { (execution, step, number) throws(RuntimeError) in
      try execution.execute(step, number: number)
      guard step.hasWeight, case .some(.some(let slot)) = step.outputs.first else { return }
      if let output = execution.values[slot] { observe(step.label, output) }
    }
  }

  /// What the graph does with its weights: what they are multiplied by, and which are looked up.
  public var weightUses: WeightUses { WeightUses(steps) }

  /// Executes the graph once and shows what its weights meet.
  ///
  /// - Returns: as `execute`.
  public func execute(
    _ inputs: [String: Tensor], observing observer: WeightObserver
  ) throws(RuntimeError) -> [String: Tensor] {
    let uses = weightUses
    var seen: Set<Int> = []
    return try execute(inputs) { (execution, step, number) throws(RuntimeError) in
      if let use = uses.ofStep[number] {
        let isNew = if case .product(let input) = use { seen.insert(input).inserted } else { true }
        if isNew { try uses.show(use, of: step, call: execution.call(of: step), to: observer) }
      }
      try execution.execute(step, number: number)
    }
  }

  func execute(
    _ inputs: [String: Tensor],
    _ executeStep: (inout Execution, ExecutionStep, Int) throws(RuntimeError) -> Void
  ) throws(RuntimeError) -> [String: Tensor] {
    let tensors = try InputBinding(self.inputs).ordered(inputs)
    let prepared = try preparedExecution(for: tensors.map(\.type))
    var execution = try Execution(
      prepared, slotCount: slotCount, inputs: Array(zip(inputSlots, tensors)), pool: pool)
    defer { execution.finish() }
    for (number, step) in steps.enumerated() { try executeStep(&execution, step, number) }
    try checkOutputs(execution.values.map { $0?.type })
    var results: [String: Tensor] = [:]
    for (output, slot) in zip(outputs, outputSlots) { results[output.name] = execution.values[slot] }
    return results
  }

  private func preparedExecution(for inputTypes: [ValueType]) throws(RuntimeError) -> PreparedExecution {
    if let known = prepared[inputTypes] { return known }
    let specialization = try Specialization(
      base, steps, inputs: Array(zip(inputSlots, inputTypes)), pool: pool)
    try checkOutputs(specialization.types)
    let new = PreparedExecution(specialization, steps, kept: Set(outputSlots))
    prepared[inputTypes] = new
    return new
  }

  private func checkOutputs(_ types: [ValueType?]) throws(RuntimeError) {
    for (output, slot) in zip(outputs, outputSlots) {
      guard let expected = output.elementType, let found = types[slot]?.elementType else { continue }
      guard found == expected else {
        throw .outputElementType(output.name, expected: expected, found: found)
      }
    }
  }
}

/// What one node took in one execution.
public struct NodeTime: Sendable {
  public let label: NodeLabel
  /// Whether the node multiplies by a weight of the model or looks its rows up.
  public let hasWeight: Bool
  public let duration: Duration
}
