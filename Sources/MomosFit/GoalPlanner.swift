import MomosKernels
import MomosModel

/// Chooses the class of every tensor, and of groups of rows of tables, so that a goal is reached with the least
/// predicted loss.
struct GoalPlanner {
  private let options: FitOptions
  private let calibration: Calibration?
  private let table: ClassTable

  init(options: FitOptions, calibration: Calibration?) {
    self.options = options
    self.calibration = calibration
    table = ClassTable(filter: options.form, preference: options.preference)
  }

  /// Rows of a tensor that get one class.
  private struct Candidate {
    let survey: Int
    /// nil for all rows.
    let group: FrequencyGroup?
  }

  /// How often a budget is corrected by what the finished plan takes more or less than predicted.
  private static let correctionCount = 4

  /// - Parameter builder: with the forms of tensors that are stored exactly.
  func plan(_ surveys: [TensorSurvey], _ builder: PlanBuilder) throws -> FitPlan {
    let open = surveys.filter { survey in
      if case .linear = survey.finding { !builder.hasForm(survey) } else { false }
    }
    guard case .bits(let bits) = options.goal, !open.isEmpty else { return builder.plan(surveys) }
    let efficiencies = try feedbackEfficiencies(open)
    var candidates: [Candidate] = []
    var items: [AllocationItem] = []
    for (number, survey) in open.enumerated() {
      for (group, lossWeight) in groups(of: survey, efficiency: efficiencies[survey.candidate.name] ?? 1) {
        candidates.append(Candidate(survey: number, group: group))
        items.append(item(survey, group: group, lossWeight: lossWeight))
      }
    }
    let allocator = Allocator(items: items) { fitClass in
      fitClass.stages.reduce(0) { $0 + $1.storedMotifCount * $1.motifLength * 2 }
    }
    var budget = bits
    var best: FitPlan?
    for _ in 0..<Self.correctionCount {
      let allocation = try allocator.allocation(bits: budget)
      var filled = builder
      filled.addAllocated(parts(of: open, candidates, items, allocation))
      let plan = filled.plan(surveys)
      let excess = (plan.bits ?? 0) - bits
      if excess <= 0 { best = plan }
      if excess <= 0 && excess > -0.002 { break }
      budget -= excess
    }
    guard let best else { return builder.plan(surveys) }
    return best
  }

  /// The rows of a tensor that are allocated apart, with what a distortion of 1 would lose.
  private func groups(
    of survey: TensorSurvey, efficiency: Double
  ) -> [(group: FrequencyGroup?, lossWeight: LossWeight)] {
    let name = survey.candidate.name
    let weightCount = survey.candidate.shape.elementCount
    guard let calibration else {
      return [(nil, LossWeight(role: survey.candidate.sensitivity, weightCount: weightCount))]
    }
    let whole = LossWeight(measuredLoss: calibration.losses[name] ?? 0, feedbackEfficiency: efficiency)
    guard survey.use == .rows, let counts = calibration.rowCounts[name] else { return [(nil, whole)] }
    return FrequencyGroup.groups(lookupCounts: counts).map { ($0, whole.share($0.mass)) }
  }

  private func item(
    _ survey: TensorSurvey, group: FrequencyGroup?, lossWeight: LossWeight
  ) -> AllocationItem {
    guard case .linear(let linear) = survey.finding else {
      preconditionFailure("only matrices are allocated")
    }
    let matrix = linear.view.matrixShape(of: survey.candidate.shape)
    let rowCount = group?.rows.count ?? matrix[0]
    let outlierShare = linear.outlierCount * rowCount / max(matrix[0], 1)
    return AllocationItem(
      weightCount: rowCount * matrix[1],
      extraByteCount: rowCount * (linear.rowScale?.byteCount ?? 0)
        + outlierShare * Outliers.byteCount(of: matrix),
      lossWeight: lossWeight.value,
      entries: table.entries(for: linear.use).filter { $0.form.fitClass != nil }
    )
  }

  /// The chosen classes by tensor; groups of rows with the same class are one part.
  private func parts(
    of open: [TensorSurvey], _ candidates: [Candidate], _ items: [AllocationItem], _ allocation: Allocation
  ) -> [(survey: TensorSurvey, parts: [AllocatedPart])] {
    open.enumerated().map { number, survey in
      let chosen = candidates.indices.filter { candidates[$0].survey == number }
      let columns = survey.candidate.shape.elementCount / max(rowCount(of: survey), 1)
      var parts: [AllocatedPart] = []
      for position in chosen {
        let choice = items[position].choices[allocation.choices[position]]
        guard let fitClass = choice.form.fitClass else { continue }
        let same = parts.firstIndex { $0.fitClass == fitClass }
        let earlier = same.map { parts.remove(at: $0) }
        let rows = candidates[position].group.map { ((earlier?.rows ?? []) + $0.rows).sorted() }
        let count = rows?.count ?? rowCount(of: survey)
        parts.append(
          AllocatedPart(
            rows: rows?.count == rowCount(of: survey) ? nil : rows, weightCount: count * columns,
            fitClass: fitClass, predictedLoss: choice.predictedLoss + (earlier?.predictedLoss ?? 0)))
      }
      return (survey, parts)
    }
  }

  private func rowCount(of survey: TensorSurvey) -> Int {
    guard case .linear(let linear) = survey.finding else { return 0 }
    return linear.view.matrixShape(of: survey.candidate.shape)[0]
  }

  /// The share of a loss that error feedback leaves, by tensor.
  private func feedbackEfficiencies(_ surveys: [TensorSurvey]) throws -> [String: Double] {
    guard let calibration else { return [:] }
    let pool = ThreadPool(threadCount: ThreadPool.processorCount)
    var known: [Int: Double] = [:]
    var efficiencies: [String: Double] = [:]
    for survey in surveys {
      guard let position = calibration.momentsOfTensor[survey.candidate.name] else { continue }
      if known[position] == nil {
        known[position] = try LayerStatistics(calibration.moments[position], pool: pool)?.feedback.efficiency
      }
      efficiencies[survey.candidate.name] = known[position]
    }
    return efficiencies
  }
}
