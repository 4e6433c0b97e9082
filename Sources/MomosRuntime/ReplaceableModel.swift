public import MomosKernels
public import MomosModel

/// A model that is planned again and again, each time with some tensors replaced: what plans have in common is arranged
/// once.
///
/// Holds the tensors of the model and the weight matrices that a plan of it makes.
public struct ReplaceableModel: Sendable {
  /// Of the model as it is.
  public let plan: ExecutionPlan
  private let graph: Graph
  private let operatorSets: [OperatorSet]
  private let tensors: ModelTensors
  private let pool: ThreadPool
  private let precision: Precision

  /// - Throws: as `ExecutionPlan.init`.
  public init(
    _ model: Model, graph: Int = 0, pool: ThreadPool = ThreadPool(threadCount: 1),
    precision: Precision = .fast
  ) throws(RuntimeError) {
    let planner = try ExecutionPlanner(model, graph: graph, precision: precision)
    plan = try ExecutionPlan(planner, pool: pool, precision: precision)
    self.graph = planner.graph
    operatorSets = model.operatorSets
    tensors = planner.tensors
    self.pool = pool
    self.precision = precision
  }

  /// The plan with other weights in some tensors.
  ///
  /// - Parameter contents: by names of tensors of the model that are no aliases, of the same shapes and types.
  public func plan(replacing contents: [String: TensorContent]) throws(RuntimeError) -> ExecutionPlan {
    var tensors = tensors
    for (name, content) in contents { tensors.replace(name, by: content) }
    let planner = try ExecutionPlanner(graph, operatorSets: operatorSets, tensors: tensors)
    return try ExecutionPlan(planner, pool: pool, precision: precision)
  }
}
