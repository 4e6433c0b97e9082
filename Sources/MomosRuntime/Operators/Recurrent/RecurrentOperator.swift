import MomosModel

/// RNN, GRU and LSTM: a state that is carried from element to element of sequences `[steps, batch, inputs]`.
///
/// Sequences shorter than the longest, as `sequence_lens` says, end early: their outputs are zero from there on, and
/// their last states are those of their own last element. float16 and bfloat16 are computed in float32 and rounded.
protocol RecurrentOperator: RealOperator {
  static var gateCount: Int { get }
  /// Whether there is a second state beside the hidden one.
  static var hasCellState: Bool { get }
  var attributes: RecurrentAttributes { get }
  var outputCount: Int { get }

  /// Replaces the states of one sequence by those after one more element.
  /// - Parameter sums: what the products with the input and the hidden state gave.
  func advance<Number: RealNumber>(
    _ state: inout RecurrentState<Number>, _ sums: GateSums<Number>, _ weights: RecurrentWeights<Number>,
    _ functions: ArraySlice<RecurrentActivation>)
}

/// The states of one sequence.
struct RecurrentState<Number: RealNumber> {
  var hidden: [Number]
  /// Empty where the operator has none.
  var cell: [Number]
}

/// For one sequence and element the sums of every gate, `[hidden]` each.
struct GateSums<Number: RealNumber> {
  let inputs: [[Number]]
  let recurrences: [[Number]]
  /// nil for no limit.
  let clip: Number?

  func clipped(_ sum: Number) -> Number {
    guard let clip else { return sum }
    return min(max(sum, -clip), clip)
  }

  /// Sum of a gate at a position of the hidden state.
  func total(_ gate: Int, _ position: Int) -> Number {
    inputs[gate][position] + recurrences[gate][position]
  }
}

extension RecurrentOperator {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try sequences.inferOutputs(inputs, outputCount: outputCount)
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    try sequences.outputs(call, number) { advance(&$0, $1, $2, $3) }
  }

  private var sequences: RecurrentSequences {
    RecurrentSequences(attributes: attributes, gateCount: Self.gateCount, hasCellState: Self.hasCellState)
  }
}

/// What recurrent operators have in common: all but how a state follows from the one before it.
private struct RecurrentSequences {
  let attributes: RecurrentAttributes
  let gateCount: Int
  let hasCellState: Bool

  /// As `RecurrentOperator.advance`.
  typealias Advance<Number: RealNumber> = (
    _ state: inout RecurrentState<Number>, _ sums: GateSums<Number>, _ weights: RecurrentWeights<Number>,
    _ functions: ArraySlice<RecurrentActivation>
  ) -> Void

  /// Sequences without elements take no memory, their states do.
  private static let emptyBatchLimit = 1 << 20

  func inferOutputs(_ inputs: InputTypes, outputCount: Int) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    for (position, type) in inputs.types.enumerated() where position != 4 {
      guard let type, type.elementType != inputs[0].elementType else { continue }
      throw .elementTypesDiffer(inputs.label, [inputs[0].elementType, type.elementType])
    }
    try inputs.require(4, in: [.int32])
    let shape = try shape(inputs[0].shape, inputs[2].shape, inputs)
    let (gates, directions, hidden) = (gateCount, shape.directions, shape.hidden)
    let expected: [Int: [Int]] = [
      1: [directions, gates * hidden, shape.inputs], 2: [directions, gates * hidden, hidden],
      3: [directions, 2 * gates * hidden], 4: [shape.batch], 5: shape.stateDimensions,
      6: shape.stateDimensions, 7: [directions, 3 * hidden],
    ]
    for (position, dimensions) in expected.inKeyOrder {
      guard let found = inputs.optional(position)?.shape, found.dimensions != dimensions else { continue }
      throw inputs.mismatch(expected: "\(dimensions) for input \(position)")
    }
    let elementType = inputs[0].elementType
    let state = ValueType(elementType, try inputs.shape(shape.stateDimensions))
    let output = ValueType(elementType, try inputs.shape(shape.outputDimensions))
    return Array([output, state, state].prefix(max(outputCount, 1)))
  }

  func outputs<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type, _ advance: Advance<Number>
  ) throws(RuntimeError) -> [Tensor] {
    let shape = shape(call[0].shape, call[2].shape)
    let lengths = try lengths(call, shape)
    var states = initialStates(call, shape, number)
    let output = try call.tensor(call.outputTypes[0], of: number) { (target) throws(RuntimeError) in
      for direction in 0..<shape.directions {
        run(call, shape, direction: direction, lengths, &states, into: &target, advance)
      }
    }
    var results = [output]
    for (type, keyPath) in zip(call.outputTypes.dropFirst(), [\RecurrentState<Number>.hidden, \.cell]) {
      results.append(
        try call.tensor(type, of: number) { (target) throws(RuntimeError) in
          for (number, state) in states.enumerated() {
            let (direction, sample) = number.quotientAndRemainder(dividingBy: shape.batch)
            let start = shape.stateStart(direction: direction, sample: sample)
            let values = state[keyPath: keyPath]
            for position in values.indices { target[start + position] = values[position] }
          }
        })
    }
    return results
  }

  /// Runs one direction over all sequences, and leaves their last states.
  private func run<Number: RealNumber>(
    _ call: OperatorCall, _ shape: RecurrentShape, direction: Int, _ lengths: [Int],
    _ states: inout [RecurrentState<Number>], into target: inout MutableSpan<Number>,
    _ advance: Advance<Number>
  ) {
    let weights = RecurrentWeights<Number>(call, shape, direction: direction, gateCount: gateCount)
    let functions = attributes.activations(of: direction)
    let values = call[0].bytes.span(of: Number.self)
    let inputSums = (0..<gateCount).map {
      weights.inputSums($0, values, count: shape.steps * shape.batch)
    }
    for count in 0..<shape.steps {
      let hidden = (0..<shape.batch).flatMap { states[direction * shape.batch + $0].hidden }
      let recurrentSums = (0..<gateCount).map {
        weights.recurrentSums($0, hidden.span, count: shape.batch)
      }
      for sample in 0..<shape.batch where count < lengths[sample] {
        let step = attributes.isReversed[direction] ? lengths[sample] - 1 - count : count
        let row = shape.inputRow(step: step, sample: sample)
        let sums = GateSums(
          inputs: inputSums.map { Array($0[(row * shape.hidden)..<((row + 1) * shape.hidden)]) },
          recurrences: recurrentSums.map {
            Array($0[(sample * shape.hidden)..<((sample + 1) * shape.hidden)])
          },
          clip: attributes.clip.map { Number($0) })
        let number = direction * shape.batch + sample
        advance(&states[number], sums, weights, functions)
        let start = shape.outputStart(step: step, direction: direction, sample: sample)
        for position in 0..<shape.hidden { target[start + position] = states[number].hidden[position] }
      }
    }
  }

  /// The states before the first element, numbered by direction, then sequence.
  private func initialStates<Number: RealNumber>(
    _ call: OperatorCall, _ shape: RecurrentShape, _ number: Number.Type
  ) -> [RecurrentState<Number>] {
    let hidden = call.optional(5)?.bytes.array(of: number)
    let cell = call.optional(6)?.bytes.array(of: number)
    return (0..<(shape.directions * shape.batch)).map { number in
      let (direction, sample) = number.quotientAndRemainder(dividingBy: shape.batch)
      let start = shape.stateStart(direction: direction, sample: sample)
      func initial(_ values: [Number]?) -> [Number] {
        values.map { Array($0[start..<(start + shape.hidden)]) } ?? Array(repeating: 0, count: shape.hidden)
      }
      return RecurrentState(hidden: initial(hidden), cell: hasCellState ? initial(cell) : [])
    }
  }

  private func lengths(_ call: OperatorCall, _ shape: RecurrentShape) throws(RuntimeError) -> [Int] {
    guard let lengths = call.optional(4)?.integers() else {
      return Array(repeating: shape.steps, count: shape.batch)
    }
    guard lengths.allSatisfy({ (0...shape.steps).contains($0) }) else {
      throw .inputValue(
        call.label, position: 4, expected: "lengths from 0 to \(shape.steps)", found: "\(lengths)")
    }
    return lengths
  }

  private func shape(_ input: Shape, _ recurrence: Shape, _ inputs: InputTypes) throws(RuntimeError)
    -> RecurrentShape
  {
    guard input.rank == 3, recurrence.rank == 3, attributes.hiddenSize ?? recurrence[2] == recurrence[2]
    else {
      let size = attributes.hiddenSize.map { "\($0)" } ?? "hidden size"
      throw inputs.mismatch(expected: "[steps, batch, inputs] and [directions, gates, \(size)]")
    }
    let shape = shape(input, recurrence)
    guard shape.hidden > 0, input.elementCount > 0 || shape.batch <= Self.emptyBatchLimit else {
      throw inputs.mismatch(
        expected: "a hidden state, and at most \(Self.emptyBatchLimit) sequences without elements")
    }
    return shape
  }

  private func shape(_ input: Shape, _ recurrence: Shape) -> RecurrentShape {
    let isBatchFirst = attributes.isBatchFirst
    return RecurrentShape(
      steps: input[isBatchFirst ? 1 : 0], batch: input[isBatchFirst ? 0 : 1], inputs: input[2],
      hidden: recurrence[2], directions: attributes.isReversed.count, isBatchFirst: isBatchFirst)
  }
}
