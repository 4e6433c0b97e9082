import MomosModel

/// Turns what the planner saw into dictionaries and the forms of tensors.
struct PlanBuilder {
  private let options: FitOptions
  private var dictionaries: [PlannedDictionary] = []
  private var forms: [String: TensorPlan.Form] = [:]

  init(options: FitOptions) {
    self.options = options
  }

  /// Gives tensors of few distinct blocks their exact dictionaries: one for all of an element type where their
  /// blocks together stay within `motifCount` and dictionaries are shared, else one each.
  mutating func addExact(_ surveys: [TensorSurvey], motifCount: Int) throws(ModelError) {
    var groups: [ElementType: [TensorSurvey]] = [:]
    for survey in surveys {
      guard case .exact = survey.finding else { continue }
      groups[survey.candidate.elementType, default: []].append(survey)
    }
    for elementType in ElementType.allCases {
      guard let group = groups[elementType] else { continue }
      if options.dictionaryScope == .model, let union = union(of: group, limit: motifCount) {
        try addExact(group, blocks: union)
      } else {
        for survey in group {
          guard case .exact(_, let blocks) = survey.finding else { continue }
          try addExact([survey], blocks: blocks)
        }
      }
    }
  }

  private func union(of group: [TensorSurvey], limit: Int) -> DistinctBlocks? {
    var union = DistinctBlocks(
      elementType: group[0].candidate.elementType, blockLength: options.blockLength)
    for survey in group {
      guard case .exact(_, let blocks) = survey.finding, union.add(blocks, limit: limit) else { return nil }
    }
    return union
  }

  private mutating func addExact(_ group: [TensorSurvey], blocks: DistinctBlocks) throws(ModelError) {
    let dictionary = try blocks.dictionary()
    let planned = PlannedDictionary(
      motifCount: dictionary.motifCount, blockLength: dictionary.blockLength,
      elementType: dictionary.elementType, motifs: .exact(dictionary), weightCount: weightCount(of: group))
    guard planned.byteCount < group.reduce(0, { $0 + denseByteCount(of: $1) }) else { return }
    for survey in group {
      guard case .exact(let view, _) = survey.finding else { continue }
      forms[survey.candidate.name] = .exact(view, dictionary: dictionaries.count)
    }
    dictionaries.append(planned)
  }

  /// Gives the other tensors trained dictionaries: one for each stage, shared by all or one set each.
  mutating func addFitted(
    _ surveys: [TensorSurvey], motifCount: ([TensorSurvey]) throws(FitError) -> Int
  ) throws(FitError) {
    let fitted = surveys.filter { if case .fitted = $0.finding { true } else { false } }
    let groups = options.dictionaryScope == .model ? (fitted.isEmpty ? [] : [fitted]) : fitted.map { [$0] }
    for (number, group) in groups.enumerated() {
      addFitted(group, number: number, motifCount: try motifCount(group))
    }
  }

  private mutating func addFitted(_ group: [TensorSurvey], number: Int, motifCount: Int) {
    let planned = (0..<options.stageCount).map { stage in
      // Normalised by its row scale a weight is of order one, which float16 holds to 11 bits.
      PlannedDictionary(
        motifCount: motifCount, blockLength: options.blockLength,
        elementType: options.hasRowScale ? .float16 : .float32,
        motifs: .trained(group: number, stage: stage), weightCount: weightCount(of: group))
    }
    let positions = Array(dictionaries.count..<dictionaries.count + planned.count)
    let plan = FitPlan(options: options, dictionaries: dictionaries + planned, tensors: [])
    let mosaics = group.map { survey in
      guard case .fitted(let view, let rowScale) = survey.finding else { preconditionFailure() }
      return self.planned(survey, .mosaic(view, dictionaries: positions, rowScale: rowScale))
    }
    let mosaicBytes = mosaics.reduce(planned.reduce(0) { $0 + $1.byteCount }) { $0 + plan.byteCount(of: $1) }
    guard mosaicBytes < group.reduce(0, { $0 + denseByteCount(of: $1) }) else { return }
    for tensor in mosaics { forms[tensor.name] = tensor.form }
    dictionaries += planned
  }

  /// The finished plan; tensors that got no dictionary stay dense.
  func plan(_ surveys: [TensorSurvey]) -> FitPlan {
    let tensors = surveys.map { survey in
      if case .dense(let reason) = survey.finding { return planned(survey, .dense(reason: reason)) }
      return planned(
        survey, forms[survey.candidate.name] ?? .dense(reason: "a mosaic would not be smaller"))
    }
    return FitPlan(options: options, dictionaries: dictionaries, tensors: tensors)
  }

  private func planned(_ survey: TensorSurvey, _ form: TensorPlan.Form) -> TensorPlan {
    TensorPlan(
      name: survey.candidate.name, elementType: survey.candidate.elementType,
      shape: survey.candidate.shape, form: form)
  }

  private func weightCount(of group: [TensorSurvey]) -> Int {
    group.reduce(0) { $0 + $1.candidate.shape.elementCount }
  }

  private func denseByteCount(of survey: TensorSurvey) -> Int {
    survey.candidate.shape.elementCount * survey.candidate.elementType.byteCount
  }
}
