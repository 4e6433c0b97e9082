/// States carried along sequences.
enum RecurrentOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("GRU", GRU.self, since: 7, inputs: 3...6, outputs: 0...2),
    OperatorEntry("LSTM", LSTM.self, since: 7, inputs: 3...8, outputs: 0...3),
    OperatorEntry("LinearAttention", LinearAttention.self, since: 27, inputs: 3...6, outputs: 1...2),
    OperatorEntry("RNN", RNN.self, since: 7, inputs: 3...6, outputs: 0...2),
  ]
}
