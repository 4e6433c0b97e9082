import MomosModel

/// What the planner saw of one tensor.
struct TensorSurvey {
  enum Finding {
    case dense(reason: String)
    case linear(Linear)
  }

  /// What it saw of a matrix that may become a mosaic.
  struct Linear {
    let view: MatrixView
    let use: WeightUse
    /// nil for no row scale.
    let rowScale: ElementType?
    /// Weights to be kept apart.
    let outlierCount: Int
    /// nil if there are too many distinct blocks for one dictionary.
    let exactBlocks: DistinctBlocks?
    /// How those were cut.
    let exactBlocking: Blocking
  }

  let candidate: FitCandidate
  let finding: Finding

  /// The distinct blocks of a tensor that one dictionary could hold without loss.
  var exactBlocks: DistinctBlocks? {
    if case .linear(let linear) = finding { linear.exactBlocks } else { nil }
  }

  var use: WeightUse {
    if case .linear(let linear) = finding { linear.use } else { .product }
  }
}
