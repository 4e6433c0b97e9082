import MomosModel

/// Matches the inputs of one execution with those the graph declares.
struct InputBinding {
  private let declared: [GraphValue]

  init(_ declared: [GraphValue]) {
    self.declared = declared
  }

  /// The types that every execution has, in the order of the declarations; nil if the graph leaves one open.
  func fixedTypes() throws(RuntimeError) -> [ValueType]? {
    var types: [ValueType] = []
    for value in declared {
      guard let elementType = value.elementType, let dimensions = value.dimensions else { return nil }
      let sizes = dimensions.compactMap { if case .size(let size) = $0 { size } else { nil } }
      guard sizes.count == dimensions.count else { return nil }
      do {
        types.append(ValueType(elementType, try Shape(sizes)))
      } catch {
        throw .model(error, place: "input \"\(value.name)\"")
      }
    }
    return types
  }

  /// The inputs in the order of the declarations.
  func ordered(_ inputs: [String: Tensor]) throws(RuntimeError) -> [Tensor] {
    let names = declared.map(\.name)
    if let unexpected = inputs.keys.filter({ !names.contains($0) }).min() {
      throw .unexpectedInput(unexpected, expected: names)
    }
    var symbols: [String: Int] = [:]
    var tensors: [Tensor] = []
    for value in declared {
      guard let tensor = inputs[value.name] else { throw .missingInput(value.name) }
      if let elementType = value.elementType, tensor.elementType != elementType {
        throw .inputElementType(value.name, expected: elementType, found: tensor.elementType)
      }
      try check(tensor.shape, of: value, &symbols)
      tensors.append(tensor)
    }
    return tensors
  }

  /// - Parameter symbols: sizes of the symbols seen so far.
  private func check(
    _ shape: Shape, of value: GraphValue, _ symbols: inout [String: Int]
  ) throws(RuntimeError) {
    guard let dimensions = value.dimensions else { return }
    let mismatch = RuntimeError.inputShape(value.name, expected: dimensions, found: shape.dimensions)
    guard shape.rank == dimensions.count else { throw mismatch }
    for (dimension, size) in zip(dimensions, shape.dimensions) {
      switch dimension {
      case .size(let expected):
        guard size == expected else { throw mismatch }
      case .symbol(let symbol):
        let expected = symbols[symbol, default: size]
        guard size == expected else {
          throw .symbolMismatch(symbol, input: value.name, expected: expected, found: size)
        }
        symbols[symbol] = size
      case .unknown: continue
      }
    }
  }
}
