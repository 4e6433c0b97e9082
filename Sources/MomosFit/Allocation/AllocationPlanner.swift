import MomosKernels
import MomosModel

/// Chooses classes for matrices, and for groups of rows of tables, with the least predicted loss.
struct AllocationPlanner {
  /// Rows of a tensor that get one form.
  private struct Member {
    /// Among `surveys`.
    let survey: Int
    /// nil for all rows.
    let group: FrequencyGroup?
    let item: AllocationItem
  }

  private let options: FitOptions
  private let calibration: Calibration?
  private let table: ClassTable
  private let surveys: [TensorSurvey]
  private var members: [Member] = []

  /// - Parameters:
  ///   - surveys: of matrices; those that no class makes smaller are left out of the choice.
  ///   - calibration: nil lets the roles of tensors decide how much their errors matter.
  init(
    _ surveys: [TensorSurvey], options: FitOptions, calibration: Calibration?, pool: ThreadPool
  ) throws {
    self.options = options
    self.calibration = calibration
    self.surveys = surveys
    table = ClassTable(filter: options.form, preference: options.preference)
    let efficiencies = try feedbackEfficiencies(pool)
    for (number, survey) in surveys.enumerated() {
      guard case .linear(let linear) = survey.finding else { continue }
      let groups = groups(of: survey, efficiency: efficiencies[survey.candidate.name] ?? 1)
      let items = groups.map { item(survey, linear, group: $0.group, lossWeight: $0.lossWeight) }
      guard items.allSatisfy({ !$0.choices.isEmpty }) else { continue }
      members += zip(groups, items).map { Member(survey: number, group: $0.group, item: $1) }
    }
  }

  /// Weights that classes are chosen for.
  var weightCount: Int { members.reduce(0) { $0 + $1.item.weightCount } }

  /// The best forms with at most `byteCount` bytes of indices, scales, outliers and dictionaries.
  func forms(byteCount: Int) throws(FitError) -> AllocatedForms {
    allocated(try allocator.allocation(byteCount: max(byteCount, 0)))
  }

  /// The smallest forms whose predicted losses sum to at most `loss`.
  func forms(loss: Double) throws(FitError) -> AllocatedForms {
    allocated(try allocator.allocation(loss: loss))
  }

  private var allocator: Allocator {
    Allocator(items: members.map(\.item)) { fitClass in
      fitClass.stages.reduce(0) { $0 + dictionary($1).byteCount }
    }
  }

  private func dictionary(_ form: FitClass.StageForm) -> PlannedDictionary {
    PlannedDictionary(
      form: form, elementType: options.dictionaryElementType, hasZeroMotif: options.hasZeroMotif,
      motifs: .trained, weightCount: 0)
  }

  /// The rows of a tensor that are allocated apart, with what a distortion of 1 would lose.
  private func groups(
    of survey: TensorSurvey, efficiency: Double
  ) -> [(group: FrequencyGroup?, lossWeight: LossWeight)] {
    let candidate = survey.candidate
    guard let calibration else {
      return [(nil, LossWeight(role: candidate.sensitivity, weightCount: candidate.shape.elementCount))]
    }
    let loss = calibration.losses[candidate.name] ?? 0
    let whole = LossWeight(measuredLoss: loss, feedbackEfficiency: efficiency)
    guard survey.use == .rows, let counts = calibration.rowCounts[candidate.name] else {
      return [(nil, whole)]
    }
    return FrequencyGroup.groups(lookupCounts: counts).map { ($0, whole.share($0.mass)) }
  }

  /// Rows of a tensor with the forms that it may get: classes that make it smaller, for whole tensors the dense form
  /// as well. Without choices if no class does.
  private func item(
    _ survey: TensorSurvey, _ linear: TensorSurvey.Linear, group: FrequencyGroup?, lossWeight: LossWeight
  ) -> AllocationItem {
    let matrix = linear.view.matrixShape(of: survey.candidate.shape)
    let rowCount = group?.rows.count ?? matrix[0]
    let outlierCount = (linear.outlierCount * rowCount + matrix[0] - 1) / max(matrix[0], 1)
    let extraByteCount =
      rowCount * (linear.rowScale?.byteCount ?? 0) + outlierCount * Outliers.byteCount(of: matrix)
    let denseByteCount = rowCount * matrix[1] * survey.candidate.elementType.byteCount
    var choices = table.entries(for: linear.use).compactMap { entry -> AllocationItem.Choice? in
      guard let fitClass = entry.form.fitClass else { return nil }
      let byteCount = fitClass.stages.reduce(extraByteCount) { sum, form in
        sum + dictionary(form).mosaicByteCount(rowCount: rowCount, columnCount: matrix[1], use: linear.use)
      }
      guard byteCount < denseByteCount else { return nil }
      return AllocationItem.Choice(
        form: entry.form, byteCount: byteCount, predictedLoss: lossWeight.value * entry.noiseToSignal)
    }
    if group == nil, !choices.isEmpty {
      choices.append(AllocationItem.Choice(form: .dense, byteCount: denseByteCount, predictedLoss: 0))
    }
    return AllocationItem(weightCount: rowCount * matrix[1], use: linear.use, choices: choices)
  }

  /// The chosen forms; groups of rows with the same class are one part.
  private func allocated(_ allocation: Allocation) -> AllocatedForms {
    var chosen: [Int: [(group: FrequencyGroup?, choice: AllocationItem.Choice)]] = [:]
    for (member, position) in zip(members, allocation.choices) {
      chosen[member.survey, default: []].append((member.group, member.item.choices[position]))
    }
    return AllocatedForms(
      tensors: surveys.enumerated().compactMap { number, survey in
        chosen[number].map { AllocatedTensor(survey: survey, parts: parts(of: $0)) }
      }, byteCount: allocation.byteCount)
  }

  private func parts(
    of chosen: [(group: FrequencyGroup?, choice: AllocationItem.Choice)]
  ) -> [AllocatedPart] {
    var parts: [AllocatedPart] = []
    for (group, choice) in chosen {
      guard let fitClass = choice.form.fitClass else { return [] }
      let loss = isMeasured ? choice.predictedLoss : nil
      if let same = parts.firstIndex(where: { $0.fitClass == fitClass }) {
        parts[same] = AllocatedPart(
          rows: ((parts[same].rows ?? []) + (group?.rows ?? [])).sorted(), fitClass: fitClass,
          predictedLoss: loss.map { $0 + (parts[same].predictedLoss ?? 0) })
      } else {
        parts.append(AllocatedPart(rows: group?.rows, fitClass: fitClass, predictedLoss: loss))
      }
    }
    // One part of all rows needs no list of them.
    guard parts.count == 1 else { return parts }
    return [AllocatedPart(rows: nil, fitClass: parts[0].fitClass, predictedLoss: parts[0].predictedLoss)]
  }

  /// Whether losses are those of the network, rather than comparable with each other only.
  private var isMeasured: Bool { calibration?.losses.isEmpty == false }

  /// The share of a loss that error feedback leaves, by tensor.
  private func feedbackEfficiencies(_ pool: ThreadPool) throws -> [String: Double] {
    guard let calibration else { return [:] }
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

/// The forms chosen for all tensors.
struct AllocatedForms {
  let tensors: [AllocatedTensor]
  /// Dictionaries included.
  let byteCount: Int
}

/// The forms chosen for a tensor.
struct AllocatedTensor {
  let survey: TensorSurvey
  /// Disjoint, together all rows; none for a tensor that stays dense.
  let parts: [AllocatedPart]
}
