import Glibc
import MomosModel

/// Minus the element of `[N, C, ...]` that a class of `[N, ...]` picks, times the weight of the class; then all of them,
/// their sum, or their mean, in which every class counts by its weight.
struct NegativeLogLikelihoodLoss: Float64Operator {
  private let loss: ClassLoss

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    loss = try ClassLoss(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    [try loss.outputType(inputs)]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let values = call[0].bytes.span(of: Double.self)
    return [try loss.tensor(call) { values[$0] }]
  }
}

/// The negative log-likelihood loss of the logarithm of the softmax over axis 1, and on request that logarithm.
struct SoftmaxCrossEntropyLoss: Float64Operator {
  private let loss: ClassLoss
  private let outputCount: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    loss = try ClassLoss(&context)
    outputCount = context.outputCount
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    Array([try loss.outputType(inputs), inputs[0]].prefix(outputCount))
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let slices = AxisSlices(call[0].shape, axes: 1..<2)
    let values = call[0].bytes.span(of: Double.self)
    var logarithms = [Double](repeating: 0, count: slices.count)
    for slice in 0..<slices.count {
      let start = slices.start(of: slice)
      let column = (0..<slices.length).map { values[start + $0 * slices.stride] }
      let maximum = column.max() ?? 0
      logarithms[slice] = maximum + log(column.reduce(0) { $0 + exp($1 - maximum) })
    }
    func probability(_ index: Int) -> Double {
      let slice = index / (slices.length * slices.stride) * slices.stride + index % slices.stride
      return values[index] - logarithms[slice]
    }
    var results = [try loss.tensor(call, probability)]
    if outputCount > 1 {
      results.append(
        try call.tensor(call.outputTypes[1], of: Double.self) { (target) throws(RuntimeError) in
          for index in target.indices { target[index] = probability(index) }
        })
    }
    return results
  }
}

/// What the loss operators share: which elements the classes pick, and what becomes of them.
private struct ClassLoss: Sendable {
  private enum Reduction {
    case none, sum, mean
  }

  private let reduction: Reduction
  /// A class that counts nothing.
  private let ignored: Int?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    switch try context.attributes.choice("reduction", of: ["mean", "sum", "none"]) {
    case "none": reduction = .none
    case "sum": reduction = .sum
    default: reduction = .mean
    }
    ignored = try context.attributes.int("ignore_index")
  }

  func outputType(_ inputs: InputTypes) throws(RuntimeError) -> ValueType {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.require(1, in: [.int32, .int64])
    let (scores, classes) = (inputs[0].shape, inputs[1].shape)
    guard scores.rank >= 2, classes.dimensions == [scores[0]] + scores.dimensions.dropFirst(2),
      inputs.optional(2).map({ $0.shape.dimensions == [scores[1]] }) ?? true
    else { throw inputs.mismatch(expected: "[N, C, ...], [N, ...] and a third of [C]") }
    if let weight = inputs.optional(2), weight.elementType != inputs[0].elementType {
      throw .elementTypesDiffer(inputs.label, [inputs[0].elementType, weight.elementType])
    }
    return ValueType(inputs[0].elementType, reduction == .none ? classes : try inputs.shape([]))
  }

  /// - Parameter score: the logarithm of a probability by its position in `[N, C, ...]`.
  func tensor(_ call: OperatorCall, _ score: (Int) -> Double) throws(RuntimeError) -> Tensor {
    let shape = call[0].shape
    let length = shape.dimensions.dropFirst(2).reduce(1, *)
    guard let classes = call[1].integers() else { preconditionFailure("refused by inference") }
    let weights = call.optional(2)?.bytes.array(of: Double.self)
    return try call.tensor(call.outputTypes[0], of: Double.self) { (target) throws(RuntimeError) in
      var (sum, weightSum) = (0.0, 0.0)
      for (index, number) in classes.enumerated() {
        guard number != ignored else { continue }
        guard (0..<shape[1]).contains(number) else {
          throw .indexOutOfRange(call.label, index: number, count: shape[1])
        }
        let weight = weights.map { $0[number] } ?? 1
        let loss = -weight * score((index / length * shape[1] + number) * length + index % length)
        if reduction == .none { target[index] = loss }
        sum += loss
        weightSum += weight
      }
      if reduction == .sum { target[0] = sum }
      if reduction == .mean { target[0] = sum / weightSum }
    }
  }
}
