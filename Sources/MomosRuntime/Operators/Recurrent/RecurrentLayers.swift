import MomosModel

/// h = f(W x + R h + biases)
struct RNN: RecurrentOperator {
  static let gateCount = 1
  static let hasCellState = false
  let attributes: RecurrentAttributes
  let outputCount: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try RecurrentAttributes(&context, activations: ["Tanh"])
    outputCount = context.outputCount
  }

  func advance<Number: RealNumber>(
    _ state: inout RecurrentState<Number>, _ sums: GateSums<Number>, _ weights: RecurrentWeights<Number>,
    _ functions: ArraySlice<RecurrentActivation>
  ) {
    let function = functions[functions.startIndex]
    for position in state.hidden.indices {
      state.hidden[position] = function.value(at: sums.clipped(sums.total(0, position)))
    }
  }
}

/// With gates z (update), r (reset) and h: h = (1 - z) g(W x + R (r h) + biases) + z h, or with
/// `linear_before_reset`: h = (1 - z) g(W x + r (R h + bias) + bias) + z h.
struct GRU: RecurrentOperator {
  static let gateCount = 3
  static let hasCellState = false
  let attributes: RecurrentAttributes
  let outputCount: Int
  private let resetsLast: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try RecurrentAttributes(&context, activations: ["Sigmoid", "Tanh"])
    outputCount = context.outputCount
    resetsLast = try context.attributes.int("linear_before_reset", default: 0) != 0
  }

  func advance<Number: RealNumber>(
    _ state: inout RecurrentState<Number>, _ sums: GateSums<Number>, _ weights: RecurrentWeights<Number>,
    _ functions: ArraySlice<RecurrentActivation>
  ) {
    let (gate, candidate) = (functions[functions.startIndex], functions[functions.startIndex + 1])
    let reset = state.hidden.indices.map { gate.value(at: sums.clipped(sums.total(1, $0))) }
    let recurrence: [Number]
    if resetsLast {
      recurrence = reset.indices.map { reset[$0] * sums.recurrences[2][$0] }
    } else {
      let kept = reset.indices.map { reset[$0] * state.hidden[$0] }
      recurrence = weights.recurrentSums(2, kept.span, count: 1)
    }
    for position in state.hidden.indices {
      let update = gate.value(at: sums.clipped(sums.total(0, position)))
      let new = candidate.value(at: sums.clipped(sums.inputs[2][position] + recurrence[position]))
      state.hidden[position] = (1 - update) * new + update * state.hidden[position]
    }
  }
}

/// With gates i (input), o (output), f (forget) and c: c = f c + i g(W x + R h + biases), h = o h(c); peepholes let the
/// gates see the cell, and with `input_forget` f is 1 - i.
struct LSTM: RecurrentOperator {
  static let gateCount = 4
  static let hasCellState = true
  let attributes: RecurrentAttributes
  let outputCount: Int
  private let couplesGates: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try RecurrentAttributes(&context, activations: ["Sigmoid", "Tanh", "Tanh"])
    outputCount = context.outputCount
    couplesGates = try context.attributes.int("input_forget", default: 0) != 0
  }

  func advance<Number: RealNumber>(
    _ state: inout RecurrentState<Number>, _ sums: GateSums<Number>, _ weights: RecurrentWeights<Number>,
    _ functions: ArraySlice<RecurrentActivation>
  ) {
    let functions = Array(functions)
    let count = state.hidden.count
    func peephole(_ number: Int, _ position: Int, _ cell: Number) -> Number {
      weights.peepholes.isEmpty ? 0 : weights.peepholes[number * count + position] * cell
    }
    for position in 0..<count {
      let cell = state.cell[position]
      let input = functions[0].value(
        at: sums.clipped(sums.total(0, position) + peephole(0, position, cell)))
      let forget =
        couplesGates
        ? 1 - input
        : functions[0].value(at: sums.clipped(sums.total(2, position) + peephole(2, position, cell)))
      let new = functions[1].value(at: sums.clipped(sums.total(3, position)))
      let next = forget * cell + input * new
      let output = functions[0].value(
        at: sums.clipped(sums.total(1, position) + peephole(1, position, next)))
      state.cell[position] = next
      state.hidden[position] = output * functions[2].value(at: next)
    }
  }
}
