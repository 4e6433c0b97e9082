import MomosModel

/// The attributes that RNN, GRU and LSTM share.
struct RecurrentAttributes: Sendable {
  /// Whether each direction runs from the last element to the first.
  let isReversed: [Bool]
  /// The functions of one direction after those of the other.
  let activations: [RecurrentActivation]
  /// What sums are limited to before a function is applied; nil for no limit.
  let clip: Float?
  /// Whether the batch is the first axis of inputs, outputs and states.
  let isBatchFirst: Bool
  let hiddenSize: Int?

  /// - Parameter activations: the functions of one direction where the node gives none.
  init(_ context: inout OperatorContext, activations standard: [String]) throws(RuntimeError) {
    switch try context.attributes.choice("direction", of: ["forward", "reverse", "bidirectional"]) {
    case "reverse": isReversed = [true]
    case "bidirectional": isReversed = [false, true]
    default: isReversed = [false]
    }
    activations = try RecurrentActivation.read(
      &context, standard: standard, directionCount: isReversed.count)
    clip = try context.attributes.optionalFloat("clip")
    if let clip, !(clip >= 0) {
      throw .attributeValue(context.label, attribute: "clip", expected: "0 or more", found: "\(clip)")
    }
    isBatchFirst = context.version >= 14 ? try context.attributes.flag("layout", default: false) : false
    hiddenSize = try context.attributes.int("hidden_size")
  }

  /// The functions of a direction.
  func activations(of direction: Int) -> ArraySlice<RecurrentActivation> {
    let count = activations.count / isReversed.count
    return activations[(direction * count)..<((direction + 1) * count)]
  }
}

/// Sizes of a recurrent layer.
struct RecurrentShape: Sendable {
  let steps: Int
  let batch: Int
  let inputs: Int
  let hidden: Int
  let directions: Int
  let isBatchFirst: Bool

  /// `[steps, directions, batch, hidden]`, or with the batch first `[batch, steps, directions, hidden]`.
  var outputDimensions: [Int] {
    isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
  }

  /// `[directions, batch, hidden]`, or with the batch first `[batch, directions, hidden]`.
  var stateDimensions: [Int] {
    isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
  }

  /// Row of the input at a step of one sequence.
  func inputRow(step: Int, sample: Int) -> Int {
    isBatchFirst ? sample * steps + step : step * batch + sample
  }

  /// Where the hidden state of a step begins in the output.
  func outputStart(step: Int, direction: Int, sample: Int) -> Int {
    let row =
      isBatchFirst
      ? (sample * steps + step) * directions + direction : (step * directions + direction) * batch + sample
    return row * hidden
  }

  /// Where a sequence's state begins.
  func stateStart(direction: Int, sample: Int) -> Int {
    (isBatchFirst ? sample * directions + direction : direction * batch + sample) * hidden
  }
}
