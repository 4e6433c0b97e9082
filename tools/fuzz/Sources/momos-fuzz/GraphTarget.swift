import MomosFormat
import MomosKernels
import MomosModel
import MomosRuntime

/// Graphs of files: planned, then executed on the tensors that are named "input NAME".
struct GraphTarget: FuzzTarget {
  static let name = "graph"
  static let files = [
    "MomosRuntime/ExecutionPlanner.swift", "MomosRuntime/ExecutionPlan.swift", "MomosRuntime/Execution.swift",
    "MomosRuntime/GraphStructure.swift", "MomosRuntime/ModelTensors.swift",
    "MomosRuntime/AttributeReader.swift",
    "MomosRuntime/InputBinding.swift", "MomosRuntime/Specialization.swift", "MomosRuntime/MemoryPlan.swift",
    "MomosRuntime/Broadcasting.swift", "MomosRuntime/OperatorRegistry.swift",
  ]
  static let inputPrefix = "input "
  /// Larger graphs are not executed: they would only take time.
  private static let mostNodes = 64
  private static let mostElements = 1 << 14

  private let pool = ThreadPool(threadCount: 1)

  func run(_ input: [UInt8]) throws {
    var model = try MomosReader(bytes: try Bytes(copying: input)).loadModel()
    guard (model.graphs.first?.nodes.count ?? 0) <= Self.mostNodes,
      model.tensors.allSatisfy({ $0.elementCount <= Self.mostElements })
    else { return }
    var inputs: [String: Tensor] = [:]
    for tensor in model.tensors where tensor.name.hasPrefix(Self.inputPrefix) {
      guard case .dense(let value) = tensor.content else { continue }
      inputs[String(tensor.name.dropFirst(Self.inputPrefix.count))] = value
    }
    model.tensors.removeAll { $0.name.hasPrefix(Self.inputPrefix) }
    let plan = try ExecutionPlan(model: model, pool: pool)
    let first = try plan.execute(inputs)
    let second = try plan.execute(inputs)
    // Bits, because NaN is not equal to itself.
    guard first == second || Self.isRandom(model) else {
      throw Finding(text: "an execution repeated gives other values")
    }
    switch input.count % 4 {
    case 0: _ = try plan.measureNodes(inputs)
    case 1: _ = try plan.execute(inputs) { _, output in precondition(output.elementCount >= 0) }
    case 2:
      // Everything that weights meet.
      let observer = WeightObserver(rowLimit: 8, input: { _, rows in precondition(rows.elementCount > 0) })
      _ = try plan.execute(inputs, observing: observer)
    default: return
    }
  }

  private static func isRandom(_ model: Model) -> Bool {
    model.graphs[0].nodes.contains { $0.operatorType.hasPrefix("Random") || $0.operatorType == "Bernoulli" }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    guard var file = ContainerFile(input) else { return dice.changed(input) }
    file.mutate(&dice)
    return file.sealed
  }
}

extension NamedTensor {
  fileprivate var elementCount: Int {
    switch content {
    case .dense(let tensor): tensor.elementCount
    case .mosaic(let mosaic): mosaic.shape.elementCount
    case .alias: 0
    }
  }
}
