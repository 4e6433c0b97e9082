import Glibc
import MomosModel

/// The function of a gate.
struct RecurrentActivation: Sendable {
  private enum Function: String {
    case relu, tanh, sigmoid, affine, leakyrelu, thresholdedrelu, scaledtanh, hardsigmoid, elu, softsign,
      softplus
  }

  private let function: Function
  private let alpha: Float
  private let beta: Float

  /// The functions of all gates, from the attributes `activations`, `activation_alpha` and `activation_beta`.
  ///
  /// The parameters are given in order to those functions that have them.
  /// - Parameter standard: names for one direction where the node gives none.
  static func read(
    _ context: inout OperatorContext, standard: [String], directionCount: Int
  ) throws(RuntimeError) -> [RecurrentActivation] {
    let all = Array(repeating: standard, count: directionCount).flatMap { $0 }
    let names = try context.attributes.strings("activations") ?? all
    var alphas = ArraySlice(try context.attributes.floats("activation_alpha") ?? [])
    var betas = ArraySlice(try context.attributes.floats("activation_beta") ?? [])
    guard names.count == all.count else {
      throw .attributeValue(
        context.label, attribute: "activations", expected: "\(all.count) names", found: "\(names)")
    }
    var activations: [RecurrentActivation] = []
    for name in names {
      guard let function = Function(rawValue: name.lowercased()) else {
        throw .attributeValue(
          context.label, attribute: "activations", expected: "names of activation functions", found: name)
      }
      let (alpha, beta) = parameters(of: function)
      activations.append(
        RecurrentActivation(
          function: function, alpha: alpha.map { alphas.popFirst() ?? $0 } ?? 0,
          beta: beta.map { betas.popFirst() ?? $0 } ?? 0))
    }
    return activations
  }

  /// What alpha and beta are unless the node says; nil for those that a function does not have.
  private static func parameters(of function: Function) -> (alpha: Float?, beta: Float?) {
    switch function {
    case .affine, .scaledtanh: (1, function == .affine ? 0 : 1)
    case .leakyrelu: (0.01, nil)
    case .thresholdedrelu, .elu: (1, nil)
    case .hardsigmoid: (0.2, 0.5)
    case .relu, .tanh, .sigmoid, .softsign, .softplus: (nil, nil)
    }
  }

  func value<Number: RealNumber>(at x: Number) -> Number {
    let (alpha, beta) = (Number(alpha), Number(beta))
    return switch function {
    case .relu: x < 0 ? 0 : x
    case .tanh: Number.hyperbolicTangent(x)
    case .sigmoid: 1 / (1 + Number.exponential(-x))
    case .affine: alpha * x + beta
    case .leakyrelu: x < 0 ? alpha * x : x
    case .thresholdedrelu: x > alpha ? x : 0
    case .scaledtanh: alpha * Number.hyperbolicTangent(beta * x)
    case .hardsigmoid: min(max(alpha * x + beta, 0), 1)
    case .elu: x < 0 ? alpha * (Number.exponential(x) - 1) : x
    case .softsign: x / (1 + x.magnitude)
    case .softplus: Number(log1p(exp(-Double(x.magnitude)))) + max(x, 0)
    }
  }
}
