import MomosFit
import MomosKernels
import MomosModel

/// Tensors by name, planned and fitted as the converter does.
struct FitTestModel {
  var tensors: [(name: String, tensor: Tensor)]
  var options = FitOptions()
  var calibration: Calibration?
  /// Of tensors that are not multiplied by.
  var uses: [String: WeightUse] = [:]

  var candidates: [FitCandidate] {
    tensors.map { name, tensor in
      FitCandidate(
        name: name, elementType: tensor.elementType, shape: tensor.shape,
        role: .linear(.lastAxisIsInput(rank: tensor.shape.rank), use: uses[name] ?? .product))
    }
  }

  func read(_ name: String) -> Tensor { tensors.first { $0.name == name }!.tensor }

  func planner() throws -> FitPlanner { try FitPlanner(options: options, calibration: calibration) }

  func plan() throws -> FitPlan { try planner().plan(candidates) { read($0) } }

  /// The fitted tensors by name, nil for dense ones.
  func fit(threadCount: Int = 2) throws -> [String: FittedTensor?] {
    let plan = try plan()
    var fitter = Fitter(
      plan: plan, calibration: calibration, pool: ThreadPool(threadCount: threadCount))
    var fitted: [String: FittedTensor?] = [:]
    for planned in plan.tensors {
      try fitter.train(for: planned) { read($0) }
      fitted.updateValue(try fitter.fit(read(planned.name), as: planned), forKey: planned.name)
    }
    return fitted
  }

  /// A matrix of independent normal numbers.
  static func normal(rows: Int, columns: Int, seed: UInt64, scale: Float = 1) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return try Tensor(
      (0..<rows * columns).map { _ in Float(generator.nextNormal()) * scale },
      shape: Shape(rows: rows, columns: columns))
  }
}
