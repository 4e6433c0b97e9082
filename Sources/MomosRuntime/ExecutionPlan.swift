public import MomosKernels
public import MomosModel

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

  private let steps: [ExecutionStep]
  private let slotCount: Int
  private let inputSlots: [Int]
  private let outputSlots: [Int]
  private let constants: [Int: Tensor]
  private let pool: ThreadPool

  /// Plans a graph of a model.
  ///
  /// - Parameters:
  ///   - graph: position in `model.graphs`.
  ///   - pool: the threads that executions use.
  /// - Throws: for everything that no input could make right. Where the graph fixes all input types, that
  ///   includes every type and shape inside it.
  public init(
    model: Model, graph: Int = 0, pool: ThreadPool = ThreadPool(threadCount: 1),
    precision: Precision = .fast
  ) throws(RuntimeError) {
    let planner = try ExecutionPlanner(model, graph: graph, precision: precision)
    inputs = model.graphs[graph].inputs
    outputs = model.graphs[graph].outputs
    steps = planner.steps
    slotCount = planner.slotCount
    inputSlots = planner.inputSlots
    outputSlots = planner.outputSlots
    constants = planner.constants
    self.pool = pool
    self.precision = precision
    if let types = try InputBinding(inputs).fixedTypes() { _ = try inferredTypes(types) }
  }

  /// Executes the graph once.
  ///
  /// - Parameter inputs: one tensor for every graph input, by name.
  /// - Returns: one tensor for every graph output, by name.
  /// - Throws: for missing, extra, wrongly typed or shaped inputs and for shapes that contradict each other
  ///   inside the graph, all before the first operator runs; later only for integer division by zero and
  ///   exhausted memory.
  public func execute(_ inputs: [String: Tensor]) throws(RuntimeError) -> [String: Tensor] {
    let tensors = try InputBinding(self.inputs).ordered(inputs)
    let types = try inferredTypes(tensors.map(\.type))
    var values = [Tensor?](repeating: nil, count: slotCount)
    for (slot, tensor) in constants { values[slot] = tensor }
    for (slot, tensor) in zip(inputSlots, tensors) { values[slot] = tensor }
    for (step, outputTypes) in zip(steps, types) {
      try execute(step, outputTypes, &values)
    }
    var results: [String: Tensor] = [:]
    for (output, slot) in zip(outputs, outputSlots) { results[output.name] = values[slot] }
    return results
  }

  private func execute(
    _ step: ExecutionStep, _ outputTypes: [ValueType], _ values: inout [Tensor?]
  ) throws(RuntimeError) {
    let inputs = step.inputs.map { input -> Tensor? in
      if case .slot(let slot) = input { values[slot] } else { nil }
    }
    let call = OperatorCall(label: step.label, inputs: inputs, outputTypes: outputTypes, pool: pool)
    let results = try step.operation.execute(call)
    for (slot, result) in zip(step.outputs, results) {
      if let slot { values[slot] = result }
    }
    for slot in step.released { values[slot] = nil }
  }

  /// The output types of every step, for these types of the graph inputs.
  private func inferredTypes(_ inputTypes: [ValueType]) throws(RuntimeError) -> [[ValueType]] {
    var types = [ValueType?](repeating: nil, count: slotCount)
    for (slot, tensor) in constants { types[slot] = tensor.type }
    for (slot, type) in zip(inputSlots, inputTypes) { types[slot] = type }
    var inferred: [[ValueType]] = []
    for step in steps {
      let stepTypes = step.inputs.map { input -> ValueType? in
        switch input {
        case .omitted: nil
        case .slot(let slot): types[slot]
        case .linearWeight(let type): type
        }
      }
      let outputTypes = try step.operation.inferOutputs(InputTypes(label: step.label, types: stepTypes))
      for (slot, type) in zip(step.outputs, outputTypes) {
        if let slot { types[slot] = type }
      }
      inferred.append(outputTypes)
    }
    try checkOutputs(types)
    return inferred
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
