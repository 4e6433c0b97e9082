import MomosKernels
import MomosModel

/// softmax(scale query key' + mask) value, where the operands and the result may be transposed: what fusion makes of
/// an attention written out. Not an operator of the standard, and of no graph.
///
/// float32 operands of four axes whose heads agree are taken where they lie; anything else is executed node by node.
struct JoinedAttention: Operator {
  private let nodes: JoinedNodes
  private let scale: Float
  private let query: [Int]
  private let key: [Int]
  private let value: [Int]
  private let result: [Int]
  /// Whether the softmax of four axes runs along the last one.
  private let isOfRows: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    scale = try context.attributes.float("scale", default: 1)
    let straight = [0, 1, 2, 3]
    query = try context.attributes.ints("query") ?? straight
    key = try context.attributes.ints("key") ?? straight
    value = try context.attributes.ints("value") ?? straight
    result = try context.attributes.ints("result") ?? straight
    guard let nodes = context.joined else { preconditionFailure("fusion alone makes this node") }
    self.nodes = nodes
    isOfRows = nodes.first(Softmax.self)?.isOfRows(rank: 4) ?? false
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try nodes.inferOutputs(inputs)
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    guard let product = product(call) else { return try nodes.execute(call) }
    let query = call[0].bytes.span(of: Float.self)
    let key = call[1].bytes.span(of: Float.self)
    let value = call[2].bytes.span(of: Float.self)
    let result = try call.tensor(call.outputTypes[0], of: Float.self, zeroed: false) {
      (target) throws(RuntimeError) in
      do throws(ModelError) {
        if let mask = call.optional(3) {
          let bias = mask.bytes.span(of: Float.self)
          try product.execute(query, key, value, bias: bias, into: &target, pool: call.pool)
        } else {
          try product.execute(query, key, value, into: &target, pool: call.pool)
        }
      } catch {
        throw .model(error, place: call.label.description)
      }
    }
    return [result]
  }

  /// nil if the operands are not what the kernels take.
  private func product(_ call: OperatorCall) -> AttentionProduct? {
    guard isOfRows, !call.outputTypes[0].shape.dimensions.contains(0),
      let query = HeadMatrices(call[0], query), let key = HeadMatrices(call[1], key),
      let value = HeadMatrices(call[2], value), let result = HeadMatrices(result, of: call.outputTypes[0])
    else { return nil }
    let sizes = AttentionProduct.Sizes(
      samples: query.sizes[0], heads: query.sizes[1], queries: query.sizes[2], keys: key.sizes[3],
      inner: query.sizes[3], columns: value.sizes[3])
    let stack = [sizes.samples, sizes.heads]
    guard sizes.keys > 0, sizes.inner > 0, key.sizes == stack + [sizes.inner, sizes.keys],
      value.sizes == stack + [sizes.keys, sizes.columns],
      result.sizes == stack + [sizes.queries, sizes.columns],
      let queryLayout = query.layout(rows: 2, columns: 3),
      let valueLayout = value.layout(rows: 2, columns: 3),
      let output = result.layout(rows: 2, columns: 3), let mask = mask(call.optional(3), sizes)
    else { return nil }
    // The product is with [inner, keys], or with the transpose of what lies the other way round.
    let keys = key.layout(rows: 3, columns: 2)
    guard let keyLayout = keys ?? key.layout(rows: 2, columns: 3) else { return nil }
    return AttentionProduct(
      sizes: sizes, scale: scale, query: queryLayout, key: keyLayout, hasTransposedKeys: keys == nil,
      value: valueLayout, output: output, bias: mask)
  }

  /// Where the mask lies for each head and query; nil for one that is not repeated as the kernels can.
  private func mask(_ mask: Tensor?, _ sizes: AttentionProduct.Sizes) -> AttentionProduct.Layout? {
    guard let mask else { return AttentionProduct.Layout(sample: 0, head: 0, row: 0) }
    guard mask.elementType == .float32, mask.shape.rank <= 4 else { return nil }
    let dimensions = Array(repeating: 1, count: 4 - mask.shape.rank) + mask.shape.dimensions
    let full = [sizes.samples, sizes.heads, sizes.queries, sizes.keys]
    guard dimensions[3] == sizes.keys, zip(dimensions, full).allSatisfy({ $0 == 1 || $0 == $1 }) else {
      return nil
    }
    var strides = [0, 0, 0]
    var stride = dimensions[3]
    for axis in (0..<3).reversed() {
      strides[axis] = dimensions[axis] == 1 ? 0 : stride
      stride *= dimensions[axis]
    }
    return AttentionProduct.Layout(sample: strides[0], head: strides[1], row: strides[2])
  }
}

/// A tensor seen as matrices `[samples, heads, rows, columns]` through a transposition.
private struct HeadMatrices {
  let sizes: [Int]
  /// Elements between neighbours along each axis.
  let strides: [Int]

  /// nil for other tensors than float32 of four axes.
  init?(_ tensor: Tensor, _ permutation: [Int]) {
    guard tensor.elementType == .float32, tensor.shape.rank == 4, permutation.count == 4 else { return nil }
    let strides = tensor.shape.strides
    sizes = permutation.map { tensor.shape[$0] }
    self.strides = permutation.map { strides[$0] }
  }

  /// Of a result, the axes before it was transposed.
  init?(_ permutation: [Int], of type: ValueType) {
    guard type.elementType == .float32, type.shape.rank == 4, permutation.count == 4 else { return nil }
    var sizes = [0, 0, 0, 0]
    var strides = sizes
    for (axis, source) in permutation.enumerated() {
      sizes[source] = type.shape[axis]
      strides[source] = type.shape.strides[axis]
    }
    self.sizes = sizes
    self.strides = strides
  }

  /// Matrices whose rows and columns run along the given axes; nil if the elements of a row do not lie together.
  func layout(rows: Int, columns: Int) -> AttentionProduct.Layout? {
    guard strides[columns] == 1, strides[rows] >= sizes[columns] else { return nil }
    return AttentionProduct.Layout(sample: strides[0], head: strides[1], row: strides[rows])
  }
}
