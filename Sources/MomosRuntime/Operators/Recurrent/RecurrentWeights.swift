import MomosModel

/// The weights of one direction, gate by gate and transposed, so that a product runs along rows.
struct RecurrentWeights<Number: RealNumber> {
  private let inputs: [[Number]]
  private let recurrences: [[Number]]
  /// For every gate what is added to the product with the input, and to that with the hidden state.
  private let inputBiases: [[Number]]
  private let recurrentBiases: [[Number]]
  /// `[3, hidden]`, or empty.
  let peepholes: [Number]
  private let shape: RecurrentShape

  /// - Parameters:
  ///   - call: with W, R and B as inputs 1, 2 and 3, and peepholes as input 7 where there are any.
  ///   - gateCount: gates in each of W and R.
  init(_ call: OperatorCall, _ shape: RecurrentShape, direction: Int, gateCount: Int) {
    self.shape = shape
    func gates(_ position: Int, columns: Int) -> [[Number]] {
      let values = call[position].bytes.span(of: Number.self)
      return (0..<gateCount).map { gate in
        let first = (direction * gateCount + gate) * shape.hidden
        var transposed = [Number](repeating: 0, count: columns * shape.hidden)
        for row in 0..<shape.hidden {
          for column in 0..<columns {
            transposed[column * shape.hidden + row] = values[(first + row) * columns + column]
          }
        }
        return transposed
      }
    }
    inputs = gates(1, columns: shape.inputs)
    recurrences = gates(2, columns: shape.hidden)
    let values = call.optional(3)?.bytes.array(of: Number.self)
    func biases(_ half: Int) -> [[Number]] {
      (0..<gateCount).map { gate in
        let start = ((direction * 2 + half) * gateCount + gate) * shape.hidden
        return values.map { Array($0[start..<(start + shape.hidden)]) }
          ?? Array(repeating: 0, count: shape.hidden)
      }
    }
    inputBiases = biases(0)
    recurrentBiases = biases(1)
    let length = 3 * shape.hidden
    peepholes =
      call.optional(7).map {
        Array($0.bytes.array(of: Number.self)[(direction * length)..<((direction + 1) * length)])
      } ?? []
  }

  /// A gate's product with rows of inputs, plus its bias: `[rows, hidden]`.
  func inputSums(_ gate: Int, _ rows: Span<Number>, count: Int) -> [Number] {
    sums(rows, count, inner: shape.inputs, inputs[gate], inputBiases[gate])
  }

  /// A gate's product with hidden states, plus its bias: `[rows, hidden]`.
  func recurrentSums(_ gate: Int, _ rows: Span<Number>, count: Int) -> [Number] {
    sums(rows, count, inner: shape.hidden, recurrences[gate], recurrentBiases[gate])
  }

  private func sums(
    _ rows: Span<Number>, _ count: Int, inner: Int, _ matrix: [Number], _ bias: [Number]
  ) -> [Number] {
    var result: [Number] = []
    result.reserveCapacity(count * shape.hidden)
    for _ in 0..<count { result += bias }
    var target = result.mutableSpan
    MatrixProduct(rows: count, inner: inner, columns: shape.hidden).add(
      rows, from: 0, matrix.span, from: 0, to: &target, from: 0)
    return result
  }
}
