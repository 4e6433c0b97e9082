import MomosModel

/// Where the outputs of the steps lie in one block of memory, such that values that live at the same time do not
/// overlap.
///
/// The outputs of a step live from that step to the last one that reads any of them or a value that shares their
/// elements. Larger ones are placed first, each at the lowest offset that is free for its whole life.
struct MemoryPlan: Sendable {
  /// Ranges of bytes by number of the step and of its output; nil for outputs that lie elsewhere.
  private(set) var regions: [[Range<Int>?]]
  private(set) var byteCount = 0

  /// - Parameter kept: slots that outlive the execution and so lie elsewhere.
  init(_ steps: [ExecutionStep], _ specialization: Specialization, kept: Set<Int>) {
    regions = steps.map { step in step.outputs.map { _ in nil } }
    var placed: [(life: ClosedRange<Int>, range: Range<Int>)] = []
    let lives = ValueLives(steps, specialization, kept: kept)
    for request in lives.requests.sorted(by: { $0.byteCount > $1.byteCount }) {
      var offset = 0
      let neighbours = placed.filter { $0.life.overlaps(request.life) }
        .sorted { $0.range.lowerBound < $1.range.lowerBound }
      for neighbour in neighbours where neighbour.range.lowerBound < offset + request.byteCount {
        offset = max(offset, neighbour.range.upperBound)
      }
      // Rounded up, so that the next value starts at a multiple of 64.
      let range = offset..<(offset + (request.byteCount + 63) & ~63)
      placed.append((request.life, range))
      regions[request.step][request.output] = range.lowerBound..<(range.lowerBound + request.byteCount)
      byteCount = max(byteCount, range.upperBound)
    }
  }
}

/// Which outputs need memory, and when.
private struct ValueLives {
  struct Request {
    let step: Int
    let output: Int
    let byteCount: Int
    let life: ClosedRange<Int>
  }

  private(set) var requests: [Request] = []

  init(_ steps: [ExecutionStep], _ specialization: Specialization, kept: Set<Int>) {
    /// The step whose memory a slot lies in.
    var owners: [Int: Int] = [:]
    var lastUses = Array(steps.indices)
    var isKept = steps.map { _ in false }
    for (number, step) in steps.enumerated() where !specialization.isDone[number] {
      for case .slot(let slot) in step.inputs {
        if let owner = owners[slot] { lastUses[owner] = number }
      }
      var owner = number
      if let shared = step.operation.sharedInput, case .slot(let slot) = step.inputs[shared] {
        // An input that is in no step's memory is a constant, a graph input or not known yet: nothing to place.
        owner = owners[slot] ?? -1
      }
      for (output, slot) in step.outputs.enumerated() {
        guard let slot else { continue }
        let slotOwner = output == 0 ? owner : number
        if slotOwner >= 0 {
          owners[slot] = slotOwner
          if kept.contains(slot) { isKept[slotOwner] = true }
        }
      }
    }
    for (number, step) in steps.enumerated() where !specialization.isDone[number] && !isKept[number] {
      guard let types = specialization.outputTypes[number] else { continue }
      for (output, type) in types.enumerated().prefix(step.outputs.count) {
        if output == 0 && step.operation.sharedInput != nil { continue }
        requests.append(
          Request(step: number, output: output, byteCount: type.byteCount, life: number...lastUses[number]))
      }
    }
  }
}
