/// Activation functions, element by element.
enum ActivationOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Celu", Celu.self, since: 12, inputs: 1...1),
    OperatorEntry("Elu", Elu.self, inputs: 1...1),
    OperatorEntry("Erf", Erf.self, since: 9, inputs: 1...1),
    OperatorEntry("Gelu", Gelu.self, since: 20, inputs: 1...1),
    OperatorEntry("HardSigmoid", HardSigmoid.self, inputs: 1...1),
    OperatorEntry("HardSwish", HardSwish.self, since: 14, inputs: 1...1),
    OperatorEntry("LeakyRelu", LeakyRelu.self, inputs: 1...1),
    OperatorEntry("Mish", Mish.self, since: 18, inputs: 1...1),
    OperatorEntry("PRelu", PRelu.self, inputs: 2...2),
    OperatorEntry("Relu", Relu.self, inputs: 1...1),
    OperatorEntry("Selu", Selu.self, inputs: 1...1),
    OperatorEntry("Shrink", Shrink.self, since: 9, inputs: 1...1),
    OperatorEntry("Sigmoid", Sigmoid.self, inputs: 1...1),
    OperatorEntry("Softplus", Softplus.self, inputs: 1...1),
    OperatorEntry("Softsign", Softsign.self, inputs: 1...1),
    OperatorEntry("SwiGLU", SwiGLU.self, since: 28, inputs: 2...2),
    OperatorEntry("Swish", Swish.self, since: 24, inputs: 1...1),
    OperatorEntry("Tanh", Tanh.self, inputs: 1...1),
    OperatorEntry("ThresholdedRelu", ThresholdedRelu.self, since: 10, inputs: 1...1),
  ]
}
