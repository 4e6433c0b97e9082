import MomosFormat
import MomosInterchange
import MomosModel

/// Tensors with the same elements, which a file stores once.
struct TiedTensors {
  /// Smaller tensors are not compared: a reference would take as many bytes.
  static let minimumByteCount = 4096

  /// Names of the tensors that repeat an earlier one, by their names.
  let targets: [String: String]

  private struct Kind: Hashable {
    let elementType: ElementType
    let shape: Shape
    let isKeptDense: Bool
  }

  /// Reads every tensor that has the type and shape of another.
  /// - Parameter keptDense: what the user wants dense, which is not tied to what may become a mosaic.
  init(in source: SourceModel, keptDense: Set<String>) throws(MomosError) {
    let large = source.catalog.filter { $0.byteCount >= Self.minimumByteCount }
    let kinds = Dictionary(grouping: large) {
      Kind(elementType: $0.elementType, shape: $0.shape, isKeptDense: keptDense.contains($0.name))
    }
    var targets: [String: String] = [:]
    for same in kinds.values where same.count > 1 {
      var names: [UInt64: [String]] = [:]
      for tensor in same {
        let bytes = try source.read(tensor.name).bytes
        let digest = xxh3(bytes)
        var target: String?
        for name in names[digest] ?? [] where try source.read(name).bytes == bytes { target = name }
        targets[tensor.name] = target
        if target == nil { names[digest, default: []].append(tensor.name) }
      }
    }
    self.targets = targets
  }
}
