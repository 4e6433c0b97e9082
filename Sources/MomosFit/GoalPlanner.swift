import MomosKernels
import MomosModel

/// Turns the goal of a fit into a plan with the least predicted loss.
struct GoalPlanner {
  /// How often plans are made for a file that is small enough.
  private static let attemptCount = 8

  private let options: FitOptions
  private let surveys: [TensorSurvey]
  private let builder: PlanBuilder
  private let allocation: AllocationPlanner
  /// Of tensors that are stored exactly.
  private let exact: (byteCount: Int, weightCount: Int)

  /// - Parameter builder: with the forms of tensors that are stored exactly.
  init(
    _ surveys: [TensorSurvey], _ builder: PlanBuilder, options: FitOptions, calibration: Calibration?,
    pool: ThreadPool
  ) throws {
    self.options = options
    self.surveys = surveys
    self.builder = builder
    allocation = try AllocationPlanner(
      surveys.filter { survey in
        if case .linear = survey.finding { !builder.hasForm(survey) } else { false }
      }, options: options, calibration: calibration, pool: pool)
    let plan = builder.plan(surveys)
    exact = plan.tensors.reduce((plan.dictionaries.reduce(0) { $0 + $1.byteCount }, 0)) { sum, tensor in
      guard case .exact = tensor.form else { return sum }
      return (sum.0 + plan.byteCount(of: tensor), sum.1 + tensor.shape.elementCount)
    }
  }

  /// - Parameter fileByteCount: the bytes of the file that a plan leads to.
  func plan(fileByteCount: (FitPlan) throws -> Int) throws -> FitPlan {
    guard allocation.weightCount > 0 else { return builder.plan(surveys) }
    switch options.goal {
    case .explicit: return builder.plan(surveys)
    case .bits(let bits): return try plan(bits: bits)
    case .cosine(let cosine): return plan(try allocation.forms(loss: 1 - cosine))
    case .fileByteCount(let count): return try plan(fileByteCount: count, of: fileByteCount)
    }
  }

  private func plan(bits: Double) throws(FitError) -> FitPlan {
    let weightCount = Double(allocation.weightCount + exact.weightCount)
    do throws(FitError) {
      return plan(try allocation.forms(byteCount: Int(bits * weightCount / 8) - exact.byteCount))
    } catch {
      guard case .budgetTooSmall(_, let leastBits) = error else { throw error }
      guard options.isGoalBinding else {
        return builder.plan(surveys, denseReason: "has too few weights for motifs")
      }
      let least = leastBits * Double(allocation.weightCount) + 8 * Double(exact.byteCount)
      throw .budgetTooSmall(bits: bits, leastBits: (least / weightCount * 1000).rounded(.up) / 1000)
    }
  }

  /// The plan whose file is as large as it may be. What a file holds beside the weights is known once there is a
  /// plan, and depends on it a little.
  private func plan(fileByteCount limit: Int, of fileByteCount: (FitPlan) throws -> Int) throws -> FitPlan {
    var budget = limit
    for _ in 0..<Self.attemptCount {
      let forms = try formsOrSmallest(byteCount: budget)
      let plan = plan(forms)
      let excess = try fileByteCount(plan) - limit
      if excess <= 0 { return plan }
      budget = min(budget, forms.byteCount) - excess
    }
    let smallest = plan(try formsOrSmallest(byteCount: 0))
    let least = try fileByteCount(smallest)
    guard least <= limit else { throw FitError.fileTooSmall(byteCount: limit, leastByteCount: least) }
    return smallest
  }

  private func formsOrSmallest(byteCount: Int) throws(FitError) -> AllocatedForms {
    do throws(FitError) {
      return try allocation.forms(byteCount: byteCount)
    } catch {
      guard case .budgetTooSmall(_, let leastBits) = error else { throw error }
      let least = (leastBits * Double(allocation.weightCount) / 8).rounded(.up)
      return try allocation.forms(byteCount: Int(least))
    }
  }

  private func plan(_ forms: AllocatedForms) -> FitPlan {
    var builder = builder
    builder.addAllocated(forms.tensors)
    return builder.plan(surveys)
  }
}
