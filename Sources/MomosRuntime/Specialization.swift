import MomosKernels
import MomosModel

/// A plan made ready for one set of input types: what every step gives, and where.
///
/// Steps whose outputs are known before the execution are done once, here. Steps whose output types depend on elements
/// that are not known yet are inferred when they are executed, as are those that follow from them.
struct Specialization: Sendable {
  /// The types of a step's outputs, nil where they are not known before the execution; by number of the step.
  private(set) var outputTypes: [[ValueType]?]
  /// Whether a step's outputs are among `values`, so that there is nothing to execute.
  private(set) var isDone: [Bool]
  /// Constants and the outputs of the steps that are done, by slot.
  private(set) var values: [Int: Tensor]
  /// The type of every slot where it is known.
  private(set) var types: [ValueType?]
  private let pool: ThreadPool

  /// What holds for all inputs: constants, and the steps that depend on nothing else.
  init(_ steps: [ExecutionStep], slotCount: Int, constants: [Int: Tensor], pool: ThreadPool)
    throws(RuntimeError)
  {
    self.pool = pool
    outputTypes = steps.map { _ in nil }
    isDone = steps.map { _ in false }
    values = constants
    types = Array(repeating: nil, count: slotCount)
    for (slot, tensor) in constants { types[slot] = tensor.type }
    try infer(steps, byteLimit: 1 << 26)
  }

  /// Adds what follows from the types of the graph inputs.
  init(
    _ base: Specialization, _ steps: [ExecutionStep], inputs: [(slot: Int, type: ValueType)], pool: ThreadPool
  )
    throws(RuntimeError)
  {
    self = base
    for (slot, type) in inputs { types[slot] = type }
    try infer(steps, byteLimit: 1 << 20)
  }

  /// - Parameter byteLimit: outputs above it are left to the execution.
  private mutating func infer(_ steps: [ExecutionStep], byteLimit: Int) throws(RuntimeError) {
    for (number, step) in steps.enumerated() where !isDone[number] {
      guard let inputs = knownInputs(of: step) else { continue }
      do {
        let outputs = try step.operation.inferOutputs(inputs)
        outputTypes[number] = outputs
        for (slot, type) in zip(step.outputs, outputs) {
          if let slot { types[slot] = type }
        }
        try finish(step, number, inputs, outputs, byteLimit: byteLimit)
      } catch .valueNotKnown {
        continue
      }
    }
  }

  /// Does a step whose outputs depend on nothing that is not known.
  private mutating func finish(
    _ step: ExecutionStep, _ number: Int, _ inputs: InputTypes, _ outputs: [ValueType], byteLimit: Int
  ) throws(RuntimeError) {
    var results = try step.operation.knownOutputs(inputs)
    let byteCount = outputs.reduce(0) { $0 + $1.byteCount }
    if results == nil, byteCount <= byteLimit, isComplete(step, inputs) {
      let call = OperatorCall(label: step.label, inputs: inputs.values, outputTypes: outputs, pool: pool)
      // What fails is left to the execution, which says so.
      results = try? step.operation.execute(call)
    }
    guard let results else { return }
    isDone[number] = true
    for (slot, result) in zip(step.outputs, results) {
      if let slot { values[slot] = result }
    }
  }

  private func isComplete(_ step: ExecutionStep, _ inputs: InputTypes) -> Bool {
    zip(step.inputs, inputs.values).allSatisfy { input, value in
      if case .omitted = input { true } else { value != nil }
    }
  }

  /// nil if the type of an input is not known.
  private func knownInputs(of step: ExecutionStep) -> InputTypes? {
    var types: [ValueType?] = []
    var values: [Tensor?] = []
    for input in step.inputs {
      switch input {
      case .omitted:
        types.append(nil)
        values.append(nil)
      case .slot(let slot):
        guard let type = self.types[slot] else { return nil }
        types.append(type)
        values.append(self.values[slot])
      case .linearWeight(let type):
        types.append(type)
        values.append(nil)
      }
    }
    return InputTypes(label: step.label, types: types, values: values)
  }
}
