public import MomosModel
import MomosRuntime

/// The loss of a model's outputs on samples, measured by executing its graph.
///
/// Rows along the first axis of every floating-point output count alike; one that is not finite counts as lost.
public struct MeasuredLoss: ModelLoss, Sendable {
  /// Most bytes of values of the model as it is, from which executions with other weights go on.
  private static let valueByteLimit = 1 << 29

  private struct Sample: Sendable {
    let inputs: [String: Tensor]
    /// Of the model as it is.
    let trace: ExecutionTrace
  }

  /// With dense weights.
  let model: ReplaceableModel
  private let samples: [Sample]

  /// Executes the model as it is.
  ///
  /// - Parameters:
  ///   - model: with dense weights.
  ///   - inputs: of every execution.
  init(_ model: ReplaceableModel, inputs: [[String: Tensor]]) throws(MomosError) {
    self.model = model
    var samples: [Sample] = []
    for given in inputs {
      let limit = Self.valueByteLimit / inputs.count
      let trace = try MomosError.translating { try model.plan.trace(given, byteLimit: limit) }
      samples.append(Sample(inputs: given, trace: trace))
    }
    self.samples = samples
  }

  public func loss(replacing tensors: [String: TensorContent]) throws -> Double {
    let plan = try model.plan(replacing: tensors)
    var mean = MeanCosine()
    for sample in samples {
      let outputs = try plan.execute(sample.inputs, resuming: sample.trace, changed: Set(tensors.keys))
      for (name, reference) in sample.trace.outputs.inKeyOrder
      where reference.elementType.isFloatingPoint {
        if let output = outputs[name] { mean.add(reference, output) }
      }
    }
    return mean.loss
  }
}

/// Cosines between the rows of tensors, accumulated in float64.
struct MeanCosine {
  private var sum = 0.0
  private var count = 0

  /// 1 - the mean; 0 without rows.
  var loss: Double { count == 0 ? 0 : 1 - sum / Double(count) }

  /// Adds every row along the first axis; both have the same shape.
  mutating func add(_ reference: Tensor, _ changed: Tensor) {
    let rowCount = reference.shape.dimensions.first ?? 1
    guard reference.shape == changed.shape, reference.elementCount > 0 else { return }
    let (expected, found) = (reference.floats(), changed.floats())
    let length = expected.count / rowCount
    for row in 0..<rowCount {
      var (product, expectedSquares, foundSquares) = (0.0, 0.0, 0.0)
      for position in (row * length)..<((row + 1) * length) {
        let (left, right) = (Double(expected[position]), Double(found[position]))
        product += left * right
        expectedSquares += left * left
        foundSquares += right * right
      }
      let lengths = (expectedSquares * foundSquares).squareRoot()
      let cosine = lengths > 0 ? product / lengths : (expectedSquares == foundSquares ? 1 : 0)
      sum += cosine.isFinite ? cosine : 0
      count += 1
    }
  }
}
