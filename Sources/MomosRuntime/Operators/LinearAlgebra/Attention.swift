import MomosModel

/// softmax(scale Q K' + bias) V for every head, where the bias comes from a mask and from which keys a query may see.
///
/// Heads of keys and values are shared by groups of query heads. Before the new keys and values come those of the
/// past. A query that may see no key gives zeros. float16 and bfloat16 are computed in float32 and rounded;
/// `softmax_precision` asks for no less.
struct Attention: Operator {
  private let settings: AttentionSettings
  private let queryHeads: Int?
  private let keyHeads: Int?
  private let outputCount: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    settings = try AttentionSettings(&context)
    queryHeads = try context.attributes.int("q_num_heads")
    keyHeads = try context.attributes.int("kv_num_heads")
    outputCount = context.outputCount
    if context.version < 24 && context.inputCount > 6 {
      throw .inputCount(context.label, expected: 3...6, found: context.inputCount)
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    for position in [0, 1, 2, 4, 5] { try inputs.require(position, in: ElementType.floatingPoint) }
    try inputs.require(3, in: ElementType.floatingPoint + ElementType.integers + [.bool])
    try inputs.require(6, in: [.int64])
    try inputs.requireEqualElementTypes(at: [0, 1, 4])
    try inputs.requireEqualElementTypes(at: [2, 5])
    guard let heads = heads(inputs) else {
      throw inputs.mismatch(expected: "query, key and value of fitting heads, and a past of theirs")
    }
    try requireMask(inputs, heads)
    let (batch, keys, values) = (heads.query.batch, heads.key, heads.value)
    let types = [
      ValueType(
        inputs[0].elementType,
        try inputs.shape(heads.query.dimensions(length: heads.query.length, size: values.size))),
      ValueType(inputs[1].elementType, try inputs.shape([batch, keys.heads, heads.total, keys.size])),
      ValueType(inputs[2].elementType, try inputs.shape([batch, values.heads, heads.total, values.size])),
      ValueType(
        inputs[0].elementType, try inputs.shape([batch, heads.query.heads, heads.query.length, heads.total])),
    ]
    return Array(types.prefix(outputCount))
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    guard let heads = heads(call.inputTypes) else { preconditionFailure("refused by inference") }
    if call.outputTypes.allSatisfy({ $0.shape.elementCount == 0 }) {
      return try call.outputTypes.map { type throws(RuntimeError) in
        try call.memory(type).tensor()
      }
    }
    let hasPast = call.optional(4) != nil
    let keys =
      hasPast || outputCount > 1 ? try joined(call, past: 4, new: 1, heads.key, heads.total) : call[1]
    let values =
      hasPast || outputCount > 2 ? try joined(call, past: 5, new: 2, heads.value, heads.total) : call[2]
    guard let keyLayout = HeadLayout(keys.shape, heads: keyHeads),
      let valueLayout = HeadLayout(values.shape, heads: keyHeads)
    else { preconditionFailure("refused by inference") }
    let arithmetic = call[0].elementType.arithmetic
    let computation = AttentionComputation(
      call: call, settings: settings, query: try call.cast(call[0], to: arithmetic),
      keys: try call.cast(keys, to: arithmetic), values: try call.cast(values, to: arithmetic),
      layouts: (heads.query, keyLayout, valueLayout),
      visibility: AttentionVisibility(
        settings: settings, queryLength: heads.query.length, keyLength: heads.total,
        pastLength: heads.pastLength,
        keyCounts: try keyCounts(call, heads.total)),
      wantsScores: outputCount > 3)
    let (result, scores) =
      arithmetic == .float64 ? try computation.results(Double.self) : try computation.results(Float.self)
    var outputs = [try call.cast(result, to: call[0].elementType), keys, values]
    if let scores { outputs.append(try call.cast(scores, to: call[0].elementType)) }
    return Array(outputs.prefix(outputCount))
  }

  private struct Heads {
    let query: HeadLayout
    let key: HeadLayout
    let value: HeadLayout
    let pastLength: Int
    var total: Int { pastLength + key.length }
  }

  /// nil if the shapes do not fit.
  private func heads(_ inputs: InputTypes) -> Heads? {
    let rank = inputs[0].shape.rank
    guard inputs[1].shape.rank == rank, inputs[2].shape.rank == rank,
      let query = HeadLayout(inputs[0].shape, heads: queryHeads),
      let key = HeadLayout(inputs[1].shape, heads: keyHeads),
      let value = HeadLayout(inputs[2].shape, heads: keyHeads),
      query.batch == key.batch, query.batch == value.batch, key.heads == value.heads,
      key.length == value.length,
      query.size == key.size, key.heads > 0, query.heads > 0, query.heads.isMultiple(of: key.heads)
    else { return nil }
    let pastLength: Int
    switch (inputs.optional(4)?.shape.dimensions, inputs.optional(5)?.shape.dimensions) {
    case (nil, nil): pastLength = 0
    case (let pastKeys?, let pastValues?):
      guard pastKeys.count == 4, inputs.optional(6) == nil else { return nil }
      pastLength = pastKeys[2]
      guard pastKeys == [query.batch, key.heads, pastLength, key.size],
        pastValues == [query.batch, key.heads, pastLength, value.size]
      else { return nil }
    default: return nil
    }
    if let counts = inputs.optional(6), counts.shape.dimensions != [query.batch] { return nil }
    return Heads(query: query, key: key, value: value, pastLength: pastLength)
  }

  /// A mask broadcasts to the scores, but for a last axis that may be shorter.
  private func requireMask(_ inputs: InputTypes, _ heads: Heads) throws(RuntimeError) {
    guard let mask = inputs.optional(3)?.shape.dimensions else { return }
    let scores = [heads.query.batch, heads.query.heads, heads.query.length]
    guard let width = mask.last, width <= heads.total, mask.count <= 4,
      Broadcasting.dimensions([scores, Array(mask.dropLast())]) == scores
    else {
      throw inputs.mismatch(expected: "a mask that broadcasts to \(scores + [heads.total])")
    }
  }

  /// How many keys count for each sample; nil for all.
  private func keyCounts(_ call: OperatorCall, _ total: Int) throws(RuntimeError) -> [Int]? {
    guard let counts = call.optional(6)?.integers() else { return nil }
    if let count = counts.first(where: { $0 < 0 || $0 > total }) {
      throw .indexOutOfRange(call.label, index: count, count: total + 1)
    }
    return counts
  }

  /// The past and the new entries of every head, `[batch, heads, total, size]`.
  private func joined(
    _ call: OperatorCall, past: Int, new: Int, _ layout: HeadLayout, _ total: Int
  ) throws(RuntimeError) -> Tensor {
    let shape = try call.label.place { () throws(ModelError) in
      try Shape([layout.batch, layout.heads, total, layout.size])
    }
    let strides = shape.strides
    let newCopy = StridedCopy(
      [layout.batch, layout.heads, layout.length, layout.size],
      source: [layout.heads * layout.length * layout.size, layout.step, layout.rowStride, 1], target: strides,
      at: (total - layout.length) * layout.size)
    var memory = try call.memory(ValueType(call[new].elementType, shape))
    newCopy(call[new], to: &memory)
    if let past = call.optional(past) {
      let copy = StridedCopy(past.shape.dimensions, source: past.shape.strides, target: strides)
      copy(past, to: &memory)
    }
    return memory.tensor()
  }
}
