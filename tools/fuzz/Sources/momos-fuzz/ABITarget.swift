import CMomosABI
import Glibc
import MomosFormat
import MomosModel

/// The functions of momos.h on a file in memory, with right and wrong arguments.
struct ABITarget: FuzzTarget {
  static let name = "abi"
  static let files = [
    "MomosC/ModelABI.swift", "MomosC/TensorABI.swift", "MomosC/ExecutionABI.swift", "MomosC/Handle.swift",
    "Momos/ModelFile.swift",
  ]
  /// Larger tensors are not read, larger graphs not executed: they would only take time.
  private static let mostElements = 1 << 14
  private static let mostNodes = 64

  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  func run(_ input: [UInt8]) throws {
    let file = Array(input.dropLast(Choices.byteCount))
    var user = ABIUser(choices: Choices(input.suffix(Choices.byteCount)))
    guard let model = try user.open(file, in: folder) else { return }
    defer { unsafe momos_model_free(model.pointer) }
    try user.inspect(model)
    // Seen without the functions that are tried here.
    guard let reader = try? MomosReader(bytes: heap(file)) else { return }
    for (number, tensor) in reader.tensors.prefix(4).enumerated() {
      try user.describe(tensor.name, number, of: model)
      guard tensor.shape.elementCount <= Self.mostElements else { continue }
      try user.read(number, of: model)
      guard let mosaic = tensor.mosaic else {
        try user.multiply(number, of: model)
        continue
      }
      let isSmall = mosaic.matrixShape.dimensions.allSatisfy { $0 <= Self.mostElements }
      if isSmall { try user.multiply(number, of: model) }
    }
    guard reader.graphs.first.map({ $0.nodes.count <= Self.mostNodes }) ?? true,
      reader.tensors.allSatisfy({ $0.shape.elementCount <= Self.mostElements })
    else { return }
    try user.execute(model)
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    var choices = Array(input.suffix(Choices.byteCount))
    var file = Array(input.dropLast(Choices.byteCount))
    if dice.oneIn(2), var container = ContainerFile(file) {
      container.mutate(&dice)
      file = container.sealed
    }
    for _ in 0...dice.below(4) where !choices.isEmpty {
      choices[dice.below(choices.count)] = dice.oneIn(2) ? 0 : UInt8(truncatingIfNeeded: dice.next())
    }
    return file + choices
  }
}
