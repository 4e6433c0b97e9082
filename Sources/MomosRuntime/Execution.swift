import MomosKernels
import MomosModel

/// One execution of a plan: the values of all slots, step by step.
struct Execution {
  private let prepared: PreparedExecution
  private let arena: ByteArena
  private let pool: ThreadPool
  private(set) var values: [Tensor?]

  /// - Parameter inputs: the graph inputs by slot.
  init(
    _ prepared: PreparedExecution, slotCount: Int, inputs: [(slot: Int, tensor: Tensor)], pool: ThreadPool
  ) throws(RuntimeError) {
    self.prepared = prepared
    self.pool = pool
    arena = try prepared.takeArena()
    values = Array(repeating: nil, count: slotCount)
    for (slot, tensor) in prepared.specialization.values { values[slot] = tensor }
    for (slot, tensor) in inputs { values[slot] = tensor }
  }

  /// Ends the execution; values that were not kept are gone.
  func finish() {
    prepared.giveBack(arena)
  }

  /// Whether the outputs of a step were known before the execution.
  func isDone(_ number: Int) -> Bool { prepared.specialization.isDone[number] }

  /// Whether a slot's value does not depend on the elements of inputs.
  func isKnown(_ slot: Int) -> Bool { prepared.specialization.values[slot] != nil }

  /// Gives a slot a value that another execution computed; one that is known stays.
  mutating func set(_ slot: Int, to value: Tensor) {
    if !isKnown(slot) { values[slot] = value }
  }

  /// A value that outlives the execution.
  func kept(_ value: Tensor) throws(RuntimeError) -> Tensor {
    guard value.bytes.offset(in: arena) != nil else { return value }
    do {
      return Tensor(elementType: value.elementType, shape: value.shape, bytes: try value.bytes.copied())
    } catch {
      throw .model(error, place: "the values of an execution")
    }
  }

  /// A step's inputs for those who watch; there is no place for outputs.
  func call(of step: ExecutionStep) -> OperatorCall {
    OperatorCall(label: step.label, inputs: inputs(of: step), outputTypes: [], pool: pool)
  }

  private func inputs(of step: ExecutionStep) -> [Tensor?] {
    step.inputs.map { input in
      if case .slot(let slot) = input { values[slot] } else { nil }
    }
  }

  mutating func execute(_ step: ExecutionStep, number: Int) throws(RuntimeError) {
    defer {
      for slot in step.released { values[slot] = nil }
    }
    guard !prepared.specialization.isDone[number] else { return }
    let inputs = inputs(of: step)
    let types: [ValueType]
    if let known = prepared.specialization.outputTypes[number] {
      types = known
    } else {
      types = try inferOutputs(of: step, inputs)
    }
    let regions = prepared.memory.regions[number]
    let call = OperatorCall(
      label: step.label, inputs: inputs, outputTypes: types, pool: pool,
      outputMemory: OutputMemory(arena: arena, regions: regions, types: types))
    let results = try step.operation.execute(call)
    for (output, result) in results.enumerated().prefix(step.outputs.count) {
      guard let slot = step.outputs[output] else { continue }
      values[slot] = try owned(result, by: step, output, regions)
    }
  }

  private func inferOutputs(of step: ExecutionStep, _ inputs: [Tensor?]) throws(RuntimeError) -> [ValueType] {
    let types = zip(step.inputs, inputs).map { input, tensor -> ValueType? in
      if case .linearWeight(let type) = input { type } else { tensor?.type }
    }
    return try step.operation.inferOutputs(InputTypes(label: step.label, types: types, values: inputs))
  }

  /// The result, copied if it lies in memory of another step that is not planned to live as long.
  private func owned(
    _ result: Tensor, by step: ExecutionStep, _ output: Int, _ regions: [Range<Int>?]
  ) throws(RuntimeError) -> Tensor {
    guard let offset = result.bytes.offset(in: arena) else { return result }
    if regions.contains(where: { $0?.contains(offset) == true }) { return result }
    if output == 0 && step.operation.sharedInput != nil { return result }
    do {
      return Tensor(elementType: result.elementType, shape: result.shape, bytes: try result.bytes.copied())
    } catch {
      throw .model(error, place: step.label.description)
    }
  }
}

/// The places in an arena where one step's outputs go.
final class OutputMemory {
  private let arena: ByteArena
  private var free: [(type: ValueType, region: Range<Int>)] = []

  init(arena: ByteArena, regions: [Range<Int>?], types: [ValueType]) {
    self.arena = arena
    for (region, type) in zip(regions, types) {
      if let region { free.append((type, region)) }
    }
  }

  /// Memory for a tensor of this type; nil if no output has it, or those that have it are placed already.
  func take(_ type: ValueType) -> MutableBytes? {
    guard let position = free.firstIndex(where: { $0.type == type }) else { return nil }
    return arena.region(free.remove(at: position).region)
  }
}
