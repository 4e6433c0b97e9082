/// Activation functions, element by element.
enum ActivationOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Erf", Erf.self, since: 9, inputs: 1...1),
    OperatorEntry("Gelu", Gelu.self, since: 20, inputs: 1...1),
    OperatorEntry("Relu", Relu.self, inputs: 1...1),
    OperatorEntry("Sigmoid", Sigmoid.self, inputs: 1...1),
    OperatorEntry("Tanh", Tanh.self, inputs: 1...1),
  ]
}
