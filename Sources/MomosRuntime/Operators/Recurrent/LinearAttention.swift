import MomosModel

/// Attention whose memory is a matrix for each key head, `[keys, values]`, written and read token by token: S becomes
/// e^decay S (rules "gated" and "gated_delta"), plus key times value; in the rules "delta" and "gated_delta" the value is
/// beta (value - S' key) instead. The output is scale S' query.
///
/// Queries, keys and values are `[batch, tokens, heads * size]`; several query heads may share a key head.
struct LinearAttention: RealOperator {
  /// Samples without elements take no memory, their states do.
  private static let emptyBatchLimit = 1 << 20

  private let queryHeads: Int
  private let keyHeads: Int
  private let scale: Float
  private let isGated: Bool
  private let isCorrecting: Bool
  private let outputCount: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    queryHeads = try context.attributes.requiredInt("q_num_heads")
    keyHeads = try context.attributes.requiredInt("kv_num_heads")
    guard keyHeads > 0, queryHeads > 0, queryHeads % keyHeads == 0 else {
      throw .attributeValue(
        context.label, attribute: "q_num_heads", expected: "a multiple of \(keyHeads)", found: "\(queryHeads)"
      )
    }
    scale = try context.attributes.float("scale", default: 0)
    _ = try context.attributes.int("chunk_size", default: 64)
    let rules = ["gated_delta", "linear", "gated", "delta"]
    let rule = try context.attributes.choice("update_rule", of: rules)
    isGated = rule.hasPrefix("gated")
    isCorrecting = rule.hasSuffix("delta")
    outputCount = context.outputCount
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: [.float32, .float16, .bfloat16])
    let (query, key, value) = (inputs[0].shape, inputs[1].shape, inputs[2].shape)
    guard query.rank == 3, key.rank == 3, value.rank == 3,
      [key, value].allSatisfy({ $0[0] == query[0] && $0[1] == query[1] }),
      query[2] % queryHeads == 0, key[2] % keyHeads == 0, value[2] % keyHeads == 0,
      query[2] / queryHeads == key[2] / keyHeads
    else {
      throw inputs.mismatch(
        expected: "[batch, tokens, \(queryHeads) * size], and \(keyHeads) heads of keys and of values")
    }
    guard query.elementCount > 0 || query[0] <= Self.emptyBatchLimit else {
      throw inputs.mismatch(expected: "at most \(Self.emptyBatchLimit) samples without elements")
    }
    let (keySize, valueSize) = (key[2] / keyHeads, value[2] / keyHeads)
    let state = try inputs.shape([query[0], keyHeads, keySize, valueSize])
    try checkOptions(inputs, state)
    let stateType = inputs.optional(3)?.elementType ?? inputs[0].elementType
    let output = try inputs.shape([query[0], query[1], queryHeads * valueSize])
    return Array([ValueType(inputs[0].elementType, output), ValueType(stateType, state)].prefix(outputCount))
  }

  private func checkOptions(_ inputs: InputTypes, _ state: Shape) throws(RuntimeError) {
    let query = inputs[0].shape
    if let past = inputs.optional(3)?.shape, past != state {
      throw inputs.mismatch(expected: "a state of \(state)")
    }
    let decays = inputs.optional(4)?.shape.dimensions
    let betas = inputs.optional(5)?.shape.dimensions
    guard (decays != nil) == isGated, (betas != nil) == isCorrecting else {
      throw inputs.mismatch(expected: "decay and beta just where the update rule has them")
    }
    let leading = Array(query.dimensions.prefix(2))
    guard decays.map({ $0 == leading + [keyHeads] || $0 == leading + [keyHeads * state[2]] }) ?? true,
      betas.map({ $0 == leading + [keyHeads] || $0 == leading + [1] }) ?? true
    else { throw inputs.mismatch(expected: "decay and beta for each token and key head") }
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let (keySize, valueSize) = (call[1].shape[2] / keyHeads, call[2].shape[2] / keyHeads)
    let count = keyHeads * keySize * valueSize
    let past = call.optional(3)?.bytes.array(of: number)
    var states = (0..<shape[0]).map { sample in
      past.map { Array($0[(sample * count)..<((sample + 1) * count)]) } ?? Array(repeating: 0, count: count)
    }
    let memory = AttentionMemory<Number>(
      call, keyHeads: keyHeads, queryHeads: queryHeads, keySize: keySize, valueSize: valueSize,
      scale: scale == 0 ? 1 / Number(keySize).squareRoot() : Number(scale))
    let output = try call.tensor(call.outputTypes[0], of: number) { (target) throws(RuntimeError) in
      for token in 0..<(shape[0] * shape[1]) {
        for head in 0..<keyHeads {
          memory.write(token, head, to: &states[token / shape[1]])
          memory.read(token, head, from: states[token / shape[1]], into: &target)
        }
      }
    }
    guard outputCount > 1 else { return [output] }
    let next = try call.tensor(call.outputTypes[1], of: number) { (target) throws(RuntimeError) in
      for (sample, state) in states.enumerated() {
        for index in state.indices { target[sample * count + index] = state[index] }
      }
    }
    return [output, next]
  }
}

/// The steps of linear attention for one token and key head; tokens of all samples are numbered one after the other.
private struct AttentionMemory<Number: RealNumber> {
  private let queries: [Number]
  private let keys: [Number]
  private let values: [Number]
  private let decays: [Number]?
  private let betas: [Number]?
  private let keyHeads: Int
  private let queryHeads: Int
  private let keySize: Int
  private let valueSize: Int
  private let scale: Number
  /// Numbers of decay and of beta for each token.
  private let decayCount: Int
  private let betaCount: Int

  init(
    _ call: OperatorCall, keyHeads: Int, queryHeads: Int, keySize: Int, valueSize: Int, scale: Number
  ) {
    queries = call[0].bytes.array(of: Number.self)
    keys = call[1].bytes.array(of: Number.self)
    values = call[2].bytes.array(of: Number.self)
    decays = call.optional(4)?.bytes.array(of: Number.self)
    betas = call.optional(5)?.bytes.array(of: Number.self)
    decayCount = call.optional(4)?.shape[2] ?? 0
    betaCount = call.optional(5)?.shape[2] ?? 0
    self.keyHeads = keyHeads
    self.queryHeads = queryHeads
    self.keySize = keySize
    self.valueSize = valueSize
    self.scale = scale
  }

  func write(_ token: Int, _ head: Int, to state: inout [Number]) {
    let first = head * keySize * valueSize
    let key = (token * keyHeads + head) * keySize
    let value = (token * keyHeads + head) * valueSize
    var written = Array(values[value..<(value + valueSize)])
    if let decays {
      for row in 0..<keySize {
        let decay = decayCount == keyHeads ? head : head * keySize + row
        let factor = Number.exponential(decays[token * decayCount + decay])
        for column in 0..<valueSize { state[first + row * valueSize + column] *= factor }
      }
    }
    if let betas {
      let beta = betas[token * betaCount + (betaCount == 1 ? 0 : head)]
      for column in 0..<valueSize {
        var found: Number = 0
        for row in 0..<keySize { found += state[first + row * valueSize + column] * keys[key + row] }
        written[column] = beta * (written[column] - found)
      }
    }
    for row in 0..<keySize {
      for column in 0..<valueSize {
        state[first + row * valueSize + column] += keys[key + row] * written[column]
      }
    }
  }

  /// Writes the outputs of the query heads that share a key head.
  func read(_ token: Int, _ head: Int, from state: [Number], into target: inout MutableSpan<Number>) {
    let first = head * keySize * valueSize
    let group = queryHeads / keyHeads
    for queryHead in (head * group)..<((head + 1) * group) {
      let query = (token * queryHeads + queryHead) * keySize
      let start = (token * queryHeads + queryHead) * valueSize
      for column in 0..<valueSize {
        var sum: Number = 0
        for row in 0..<keySize { sum += queries[query + row] * state[first + row * valueSize + column] }
        target[start + column] = scale * sum
      }
    }
  }
}
