public import MomosModel

/// What weights of a model are multiplied by: one value of the graph, arranged as rows `[count, columns]`.
public struct WeightInput: Sendable, Hashable {
  public let columns: Int
  /// The weights, by the names of the tensors that hold them, each once.
  public fileprivate(set) var tensors: [String]
}

/// Sees what the weights of a graph meet while it is executed.
public struct WeightObserver {
  /// Most rows of one input that an execution shows. Of more, every n-th one is shown, with the smallest n that keeps
  /// the limit and, for convolutions, has no divisor in common with the width of the output.
  let rowLimit: Int
  let observeInput: (Int, Tensor) throws(RuntimeError) -> Void
  let observeLookups: (String, [Int]) -> Void

  /// - Parameters:
  ///   - rowLimit: at least 1.
  ///   - input: called with the position in `WeightUses.inputs` and rows in float32, which live during the call;
  ///     several times for an input that is shown in pieces, not at all for one without rows. For convolutions a row is
  ///     what the filters of a group see at one output position of one image.
  ///   - lookups: called with the name of a table and the rows that are looked up, each within the table.
  public init(
    rowLimit: Int = .max, input: @escaping (Int, Tensor) throws(RuntimeError) -> Void,
    lookups: @escaping (String, [Int]) -> Void = { _, _ in }
  ) {
    precondition(rowLimit > 0)
    self.rowLimit = rowLimit
    observeInput = input
    observeLookups = lookups
  }
}

/// How an operator finds what its weight is multiplied by, or which of its rows are looked up.
enum WeightArrangement: Sendable, Hashable {
  /// Input 0 is `[..., columns]`.
  case rows
  /// Input 0 is `[columns, count]`.
  case columns
  /// What a window sees of input 0.
  case windows(WindowAttributes, groups: Int)
  /// Input 1 has the numbers of rows.
  case lookups
}

/// What the steps of a plan do with weights of the model.
public struct WeightUses: Sendable {
  /// What weights are multiplied by. Weights that are multiplied by one value share an input.
  public private(set) var inputs: [WeightInput] = []
  /// How many rows each table has that is looked up, by name.
  public private(set) var rowCounts: [String: Int] = [:]

  enum Use {
    /// By an input, by its position.
    case product(Int)
    case lookups
  }

  /// By number of the step.
  private(set) var ofStep: [Use?] = []

  /// What makes an input the same.
  private struct Key: Hashable {
    let value: Int
    let arrangement: WeightArrangement
    /// Channels of a group and kernel of filters.
    let filter: [Int]
  }

  init(_ steps: [ExecutionStep]) {
    var known: [Key: Int] = [:]
    for step in steps {
      guard let weight = step.weight, let arrangement = step.operation.weightArrangement else {
        ofStep.append(nil)
        continue
      }
      if arrangement == .lookups {
        rowCounts[weight.name] = weight.shape[0]
        ofStep.append(.lookups)
        continue
      }
      guard case .slot(let value) = step.inputs[0] else {
        preconditionFailure("products have a first operand")
      }
      var filter: [Int] = []
      if case .windows = arrangement { filter = Array(weight.shape.dimensions.dropFirst()) }
      let key = Key(value: value, arrangement: arrangement, filter: filter)
      let position = known[key] ?? inputs.count
      known[key] = position
      if position == inputs.count { inputs.append(WeightInput(columns: weight.columns, tensors: [])) }
      if !inputs[position].tensors.contains(weight.name) { inputs[position].tensors.append(weight.name) }
      ofStep.append(.product(position))
    }
  }

  /// Shows what a step's weight meets.
  func show(
    _ use: Use, of step: ExecutionStep, call: OperatorCall, to observer: WeightObserver
  ) throws(RuntimeError) {
    guard let weight = step.weight else { return }
    switch use {
    case .lookups: observer.observeLookups(weight.name, try call.indices(1, on: weight.shape[0]))
    case .product(let position):
      let input = try call.cast(call[0], to: .float32)
      guard input.elementCount > 0, weight.columns > 0 else { return }
      switch step.operation.weightArrangement {
      case .columns: try show(call.transposed(input, [1, 0]), position, call, to: observer)
      case .windows(let attributes, let groups):
        let shape = try attributes.convolution(input.shape, weight.shape, groups: groups, label: call.label)
        try show(input, shape, position, call, to: observer)
      default: try show(input, position, call, to: observer)
      }
    }
  }

  /// Shows rows `[..., columns]`.
  private func show(
    _ input: Tensor, _ position: Int, _ call: OperatorCall, to observer: WeightObserver
  ) throws(RuntimeError) {
    let columns = inputs[position].columns
    let count = input.elementCount / columns
    let step = (count - 1) / observer.rowLimit + 1
    guard step > 1 else {
      return try observer.observeInput(position, input.reshaped(to: Shape(rows: count, columns: columns)))
    }
    let rows = Array(stride(from: 0, to: count, by: step))
    let values = input.bytes.span(of: Float.self)
    let type = ValueType(.float32, Shape(rows: rows.count, columns: columns))
    let chosen = try call.tensor(type, of: Float.self, zeroed: false) { target in
      for (number, row) in rows.enumerated() {
        for column in 0..<columns { target[number * columns + column] = values[row * columns + column] }
      }
    }
    try observer.observeInput(position, chosen)
  }

  /// Shows what the filters of a convolution see, some output positions at a time.
  private func show(
    _ input: Tensor, _ shape: ConvolutionShape, _ position: Int, _ call: OperatorCall,
    to observer: WeightObserver
  ) throws(RuntimeError) {
    let count = shape.window.outputCount
    let rowCount = shape.batch * shape.groups * count
    guard rowCount > 0 else { return }
    var step = (rowCount - 1) / observer.rowLimit + 1
    while step > 1, step.greatestCommonDivisor(with: shape.window.width.output) > 1 { step += 1 }
    let rows = Array(stride(from: 0, to: rowCount, by: step))
    let pieceLength = max(64, (1 << 20) / shape.columns)
    let values = input.bytes.span(of: Float.self)
    for start in stride(from: 0, to: rows.count, by: pieceLength) {
      let piece = rows[start..<min(start + pieceLength, rows.count)]
      let type = ValueType(.float32, Shape(rows: piece.count, columns: shape.columns))
      let seen = try call.tensor(type, of: Float.self, zeroed: false) { target in
        for (number, row) in piece.enumerated() {
          let (image, place) = row.quotientAndRemainder(dividingBy: count)
          var target = target.part((number * shape.columns)..<((number + 1) * shape.columns))
          shape.window.gather(
            values.extracting(shape.input(image: image / shape.groups, group: image % shape.groups)),
            channelCount: shape.groupChannels, positions: place..<(place + 1), into: &target)
        }
      }
      try observer.observeInput(position, seen)
    }
  }
}

extension Int {
  fileprivate func greatestCommonDivisor(with other: Int) -> Int {
    var (larger, smaller) = (self, other)
    while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
    return larger
  }
}
