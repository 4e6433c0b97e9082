import MomosKernels
import MomosModel

/// alpha A' B' + beta C, where A' and B' are A and B or, with `transA` and `transB`, their transposes, and C is
/// broadcast to the result.
///
/// A second operand that is a tensor of the model is a linear weight. float16 and bfloat16 are computed in
/// float32 and rounded once; a float64 mosaic is multiplied in float32.
struct Gemm: Operator {
  private let alpha: Float
  private let beta: Float
  private let isLeftTransposed: Bool
  private let isRightTransposed: Bool
  private let weight: LinearWeight?

  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand? {
    let isTransposed = node.attribute("transB") == .int(1)
    return LinearOperand(
      position: 1, view: isTransposed ? .lastAxisIsInput(rank: 2) : .firstAxisIsInput(rank: 2))
  }

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 1)
    beta = try context.attributes.float("beta", default: 1)
    isLeftTransposed = try context.attributes.flag("transA", default: false)
    isRightTransposed = try context.attributes.flag("transB", default: false)
    weight = context.linearWeight
    if context.version < 11 && context.inputCount < 3 {
      throw .inputCount(context.label, expected: 3...3, found: context.inputCount)
    }
  }

  var weightArrangement: WeightArrangement? { isLeftTransposed ? .columns : .rows }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.products)
    try inputs.requireEqualElementTypes()
    try requireFactors(inputs)
    let (left, right) = (inputs[0].shape, inputs[1].shape)
    guard left.rank == 2, right.rank == 2,
      left[isLeftTransposed ? 0 : 1] == right[isRightTransposed ? 1 : 0]
    else { throw inputs.mismatch(expected: "two matrices with equal inner dimensions") }
    let dimensions = [left[isLeftTransposed ? 1 : 0], right[isRightTransposed ? 0 : 1]]
    if let bias = inputs.optional(2)?.shape.dimensions {
      guard Broadcasting.dimensions([dimensions, bias]) == dimensions else {
        throw inputs.mismatch(expected: "the third to broadcast to \(dimensions)")
      }
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  /// Refuses factors that integers cannot be multiplied by.
  private func requireFactors(_ inputs: InputTypes) throws(RuntimeError) {
    guard !inputs[0].elementType.isFloatingPoint else { return }
    let isUnsigned = inputs[0].elementType == .uint32 || inputs[0].elementType == .uint64
    for (name, factor) in [("alpha", alpha), ("beta", beta)] {
      guard let number = Int32(exactly: factor), number >= 0 || !isUnsigned else {
        throw .attributeValue(
          inputs.label, attribute: name, expected: "an integer of the inputs' type", found: "\(factor)")
      }
    }
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    let arithmetic = weight == nil ? elementType.arithmetic : .float32
    let left = try call.cast(call[0], to: arithmetic)
    let product = try product(call, left)
    let result =
      switch arithmetic {
      case .float32: try scaled(call, product, Float.self)
      case .float64: try scaled(call, product, Double.self)
      case .int32, .uint32: try scaled(call, product, Int32.self)
      default: try scaled(call, product, Int64.self)
      }
    return [try call.cast(result, to: elementType)]
  }

  /// A' B', in the type of `left`.
  private func product(_ call: OperatorCall, _ left: Tensor) throws(RuntimeError) -> Tensor {
    let shape = call.outputTypes[0].shape
    let left = isLeftTransposed ? try call.transposed(left, [1, 0]) : left
    if let weight { return try call.product(left, weight, shape: shape) }
    let product = ActivationProduct(
      rows: shape[0], inner: left.shape[1], columns: shape[1], isRightTransposed: isRightTransposed)
    return try MatrixProducts(
      call: call, left: left, right: try call.cast(call[1], to: left.elementType),
      type: ValueType(left.elementType, shape), batches: [MatrixProducts.Batch(product: product)])()
  }

  /// alpha times a product plus beta C.
  private func scaled<Number: ProductNumber>(
    _ call: OperatorCall, _ product: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let bias = beta == 0 ? nil : call.optional(2)
    guard bias != nil || alpha != 1 else { return product }
    let (alpha, beta) = (Number.factor(alpha), Number.factor(beta))
    let values = product.bytes.span(of: number)
    var memory = try call.memory(product.type)
    var target = memory.elements(of: number)
    guard let bias else {
      for index in values.indices { target[index] = alpha.times(values[index]) }
      return memory.tensor()
    }
    let addends = try call.cast(bias, to: product.elementType)
    let biases = addends.bytes.span(of: number)
    let columns = product.shape[1]
    // One addend for each row or all of them, or a row of them for each row or all.
    let isRow = addends.shape.dimensions.last == columns && columns != 1
    let hasRows = addends.shape.rank == 2 && addends.shape[0] != 1
    let stride = hasRows ? (isRow ? columns : 1) : 0
    for row in 0..<product.shape[0] where columns > 0 {
      let run = values.extracting((row * columns)..<((row + 1) * columns))
      var results = target.part((row * columns)..<((row + 1) * columns))
      if isRow {
        let addends = biases.extracting((row * stride)..<(row * stride + columns))
        for index in run.indices { results[index] = alpha.times(run[index]).plus(beta.times(addends[index])) }
      } else {
        let addend = beta.times(biases[row * stride])
        for index in run.indices { results[index] = alpha.times(run[index]).plus(addend) }
      }
    }
    return memory.tensor()
  }
}
