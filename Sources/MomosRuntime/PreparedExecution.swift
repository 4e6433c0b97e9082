import MomosModel
import Synchronization

/// A specialization with the memory its executions use.
final class PreparedExecution: Sendable {
  let specialization: Specialization
  let memory: MemoryPlan
  /// Arenas that no execution uses at the moment.
  private let idle = Mutex<[ByteArena]>([])

  init(_ specialization: Specialization, _ steps: [ExecutionStep], kept: Set<Int>) {
    self.specialization = specialization
    memory = MemoryPlan(steps, specialization, kept: kept)
  }

  /// An arena for one execution, to be given back.
  func takeArena() throws(RuntimeError) -> ByteArena {
    if let arena = idle.withLock({ $0.popLast() }) { return arena }
    do { return try ByteArena(byteCount: memory.byteCount) } catch {
      throw .model(error, place: "the memory of the graph's values")
    }
  }

  func giveBack(_ arena: ByteArena) {
    idle.withLock { $0.append(arena) }
  }
}

/// The prepared executions of a plan for the input types it met last.
final class PreparedExecutions: Sendable {
  private static let limit = 16
  private let latest = Mutex<[(inputTypes: [ValueType], execution: PreparedExecution)]>([])

  subscript(inputTypes: [ValueType]) -> PreparedExecution? {
    get { latest.withLock { $0.first { $0.inputTypes == inputTypes }?.execution } }
    set {
      guard let newValue else { return }
      latest.withLock { known in
        if known.count == Self.limit { known.removeFirst() }
        known.append((inputTypes, newValue))
      }
    }
  }
}
