public import MomosModel

/// An execution of a graph, kept so that one with other weights can begin where they are first used.
public struct ExecutionTrace: Sendable {
  /// The values that a step and those behind it read.
  struct Checkpoint: Sendable {
    let step: Int
    /// By name, without graph inputs and what does not depend on them.
    let values: [String: Tensor]
  }

  public let outputs: [String: Tensor]
  /// Ascending.
  let checkpoints: [Checkpoint]
  /// Of every step.
  let labels: [NodeLabel]
}

/// Collects the checkpoints of an execution.
struct TraceRecorder {
  private let names: [Int: String]
  private let byteLimit: Int
  /// Copies by slot: a value is written once.
  private var copies: [Int: Tensor] = [:]
  private var byteCount = 0
  private var isFull = false
  private(set) var checkpoints: [ExecutionTrace.Checkpoint] = []

  /// - Parameters:
  ///   - names: of values, by slot; without those that every execution has.
  ///   - byteLimit: of all values; there are no checkpoints behind it.
  init(names: [Int: String], byteLimit: Int) {
    self.names = names
    self.byteLimit = byteLimit
  }

  /// Records what is there in front of a step.
  mutating func add(_ execution: Execution, step: Int) throws(RuntimeError) {
    guard !isFull else { return }
    var values: [String: Tensor] = [:]
    for (slot, name) in names {
      guard let value = execution.values[slot], !execution.isKnown(slot) else { continue }
      if copies[slot] == nil {
        byteCount += value.bytes.count
        guard byteCount <= byteLimit else {
          isFull = true
          return
        }
        copies[slot] = try execution.kept(value)
      }
      values[name] = copies[slot]
    }
    checkpoints.append(ExecutionTrace.Checkpoint(step: step, values: values))
  }
}

extension ExecutionPlan {
  /// Executes the graph once, and keeps what executions with other weights have in common with it.
  ///
  /// - Parameter byteLimit: of the values that are kept; weights whose first use lies behind them cost more.
  public func trace(_ inputs: [String: Tensor], byteLimit: Int) throws(RuntimeError) -> ExecutionTrace {
    let given = Set(self.inputs.map(\.name))
    let names = slots.filter { !given.contains($0.key) }.map { ($0.value, $0.key) }
    var recorder = TraceRecorder(names: Dictionary(uniqueKeysWithValues: names), byteLimit: byteLimit)
    var seen: Set<String> = []
    let outputs = try execute(inputs) { (execution, step, number) throws(RuntimeError) in
      if let weight = step.weight, seen.insert(weight.name).inserted {
        try recorder.add(execution, step: number)
      }
      try execution.execute(step, number: number)
    }
    return ExecutionTrace(outputs: outputs, checkpoints: recorder.checkpoints, labels: steps.map(\.label))
  }

  /// Executes the graph from the first use of changed weights on.
  ///
  /// - Parameters:
  ///   - inputs: those of the trace.
  ///   - trace: of a plan of the same model, which may differ in the weights that are changed.
  ///   - names: of the tensors that hold the changed weights.
  /// - Returns: as `execute`.
  public func execute(
    _ inputs: [String: Tensor], resuming trace: ExecutionTrace, changed names: Set<String>
  ) throws(RuntimeError) -> [String: Tensor] {
    let checkpoint = firstUse(of: names).flatMap { first in trace.checkpoints.last { $0.step <= first } }
    guard let checkpoint, trace.labels == steps.map(\.label) else { return try execute(inputs) }
    var isResumed = false
    return try execute(inputs) { (execution, step, number) throws(RuntimeError) in
      if !isResumed {
        for (name, value) in checkpoint.values {
          if let slot = slots[name] { execution.set(slot, to: value) }
        }
        isResumed = true
      }
      if number >= checkpoint.step { try execution.execute(step, number: number) }
    }
  }

  /// The first step that uses any of these weights; nil if one of them is used otherwise than as a weight, or not at
  /// all.
  private func firstUse(of names: Set<String>) -> Int? {
    guard names.isDisjoint(with: otherwiseUsed) else { return nil }
    let used = steps.compactMap(\.weight?.name)
    guard names.isSubset(of: used) else { return nil }
    return steps.firstIndex { $0.weight.map { names.contains($0.name) } ?? false }
  }
}
