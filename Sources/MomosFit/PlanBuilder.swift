import MomosModel

/// Turns what the planner saw into dictionaries and the forms of tensors.
struct PlanBuilder {
  private let options: FitOptions
  private var dictionaries: [PlannedDictionary] = []
  private var forms: [String: TensorPlan.Form] = [:]

  init(options: FitOptions) {
    self.options = options
  }

  /// Gives tensors of few distinct blocks exact dictionaries where that makes them smaller: one for all of an
  /// element type whose blocks together stay within the motifs of a shared one, else one each.
  /// - Parameter sharedMotifCount: nil if each tensor has its own dictionary.
  mutating func addExact(_ surveys: [TensorSurvey], sharedMotifCount: Int?) throws(ModelError) {
    for elementType in ElementType.allCases {
      let group = surveys.filter { $0.exactBlocks != nil && $0.candidate.elementType == elementType }
      guard !group.isEmpty else { continue }
      if let sharedMotifCount, let union = union(of: group, limit: sharedMotifCount) {
        try addExact(group, blocks: union)
      } else {
        for survey in group {
          guard let blocks = survey.exactBlocks else { continue }
          try addExact([survey], blocks: blocks)
        }
      }
    }
  }

  /// Gives all tensors of an element type that lie on few distinct blocks one exact dictionary, of any size: a tensor
  /// joins where its indices and the motifs that it adds take fewer bytes than its values.
  mutating func addFlat(_ surveys: [TensorSurvey]) throws(ModelError) {
    for elementType in ElementType.allCases {
      var union = DistinctBlocks(elementType: elementType, blockLength: options.blockLength)
      var group: [TensorSurvey] = []
      for survey in surveys where survey.candidate.elementType == elementType {
        var wider = union
        guard let blocks = survey.exactBlocks,
          wider.add(blocks, limit: MotifDictionary.maximumMotifCount)
        else { continue }
        let weightCount = survey.candidate.shape.elementCount
        let indexByteCount =
          (weightCount / options.blockLength + 1)
          * MotifDictionary.indexWidth(motifCount: wider.blocks.count) / 8
        let addedWeightCount = (wider.blocks.count - union.blocks.count) * options.blockLength
        guard indexByteCount + addedWeightCount * elementType.byteCount < weightCount * elementType.byteCount
        else { continue }
        union = wider
        group.append(survey)
      }
      if !group.isEmpty { try addExact(group, blocks: union) }
    }
  }

  private func union(of group: [TensorSurvey], limit: Int) -> DistinctBlocks? {
    var union = DistinctBlocks(
      elementType: group[0].candidate.elementType, blockLength: options.blockLength)
    for survey in group {
      guard let blocks = survey.exactBlocks, union.add(blocks, limit: limit) else { return nil }
    }
    return union
  }

  private mutating func addExact(_ group: [TensorSurvey], blocks: DistinctBlocks) throws(ModelError) {
    let dictionary = try blocks.dictionary()
    let planned = PlannedDictionary(
      form: FitClass.StageForm(blockLength: dictionary.blockLength, motifCount: dictionary.motifCount),
      elementType: dictionary.elementType, hasZeroMotif: dictionary.hasZeroMotif,
      motifs: .exact(dictionary), weightCount: weightCount(of: group))
    let position = dictionaries.count
    let plan = self.plan(of: group, adding: [planned]) { linear in
      .exact(linear.view, linear.exactBlocking, dictionary: position)
    }
    if isSmaller(plan) { add(plan) }
  }

  /// Gives tensors that have no exact dictionary trained ones: one for each stage, shared by all or one set each.
  mutating func addFitted(
    _ surveys: [TensorSurvey], motifCount: ([TensorSurvey]) throws(FitError) -> Int
  ) throws(FitError) {
    let fitted = surveys.filter { survey in
      guard case .linear(let linear) = survey.finding else { return false }
      // What an exact dictionary does not make smaller joins the shared one.
      return linear.exactBlocks == nil
        || (options.dictionaryScope == .model && forms[survey.candidate.name] == nil)
    }
    for group in options.dictionaryScope == .model ? [fitted] : fitted.map({ [$0] }) {
      try addGroup(group, motifCount: motifCount)
    }
  }

  private mutating func addGroup(
    _ group: [TensorSurvey], motifCount: ([TensorSurvey]) throws(FitError) -> Int
  ) throws(FitError) {
    guard !group.isEmpty else { return }
    let count = try motifCount(group)
    guard isWorthTraining(group, motifCount: count) else { return }
    let fitClass = options.fitClass(motifCount: count)
    let planned = trained(fitClass, weightCount: weightCount(of: group))
    let positions = Array(dictionaries.count..<dictionaries.count + planned.count)
    let plan = self.plan(of: group, adding: planned) { linear in
      .mosaic(
        linear.view, parts: [PartPlan(rows: nil, fitClass: fitClass, dictionaries: positions)],
        rowScale: linear.rowScale, outlierCount: linear.outlierCount)
    }
    let shrinking = zip(group, plan.tensors).filter { plan.byteCount(of: $1) < $1.denseByteCount }.map(\.0)
    guard shrinking.count == group.count else {
      return try addGroup(shrinking, motifCount: motifCount)
    }
    if isSmaller(plan) { add(plan) }
  }

  /// Gives tensors the parts that an allocation chose; parts of one class and use share dictionaries.
  mutating func addAllocated(_ tensors: [AllocatedTensor]) {
    let positions = addDictionaries(for: tensors)
    for tensor in tensors {
      guard case .linear(let linear) = tensor.survey.finding else { continue }
      let parts = tensor.parts.map { part in
        PartPlan(
          rows: part.rows, fitClass: part.fitClass,
          dictionaries: positions[SharedClass(fitClass: part.fitClass, use: linear.use)] ?? [],
          predictedLoss: part.predictedLoss)
      }
      forms[tensor.survey.candidate.name] =
        parts.isEmpty
        ? .dense(reason: "as chosen")
        : .mosaic(linear.view, parts: parts, rowScale: linear.rowScale, outlierCount: linear.outlierCount)
    }
  }

  /// The positions of new dictionaries for the parts of tensors.
  private mutating func addDictionaries(for tensors: [AllocatedTensor]) -> [SharedClass: [Int]] {
    var weightCounts: [SharedClass: Int] = [:]
    var order: [SharedClass] = []
    for tensor in tensors {
      guard case .linear(let linear) = tensor.survey.finding else { continue }
      let matrix = linear.view.matrixShape(of: tensor.survey.candidate.shape)
      for part in tensor.parts {
        let shared = SharedClass(fitClass: part.fitClass, use: linear.use)
        if weightCounts[shared] == nil { order.append(shared) }
        weightCounts[shared, default: 0] += (part.rows?.count ?? matrix[0]) * matrix[1]
      }
    }
    var positions: [SharedClass: [Int]] = [:]
    for shared in order {
      let planned = trained(shared.fitClass, weightCount: weightCounts[shared] ?? 0)
      positions[shared] = Array(dictionaries.count..<dictionaries.count + planned.count)
      dictionaries += planned
    }
    return positions
  }

  /// Whether a tensor has a form already.
  func hasForm(_ survey: TensorSurvey) -> Bool { forms[survey.candidate.name] != nil }

  /// Dictionaries to be trained, one for each stage of a class.
  private func trained(_ fitClass: FitClass, weightCount: Int) -> [PlannedDictionary] {
    fitClass.stages.map { form in
      PlannedDictionary(
        form: form, elementType: options.dictionaryElementType,
        hasZeroMotif: options.hasZeroMotif, motifs: .trained, weightCount: weightCount)
    }
  }

  /// False if the motifs could only repeat the blocks, which the dense form holds without loss.
  private func isWorthTraining(_ group: [TensorSurvey], motifCount: Int) -> Bool {
    let exactBlocks = group.compactMap(\.exactBlocks)
    return exactBlocks.count < group.count || exactBlocks.reduce(0) { $0 + $1.blocks.count } > motifCount
  }

  /// A plan of some tensors alone, with new dictionaries behind those there are.
  private func plan(
    of group: [TensorSurvey], adding planned: [PlannedDictionary],
    form: (TensorSurvey.Linear) -> TensorPlan.Form
  ) -> FitPlan {
    let tensors = group.compactMap { survey -> TensorPlan? in
      guard case .linear(let linear) = survey.finding else { return nil }
      return self.planned(survey, form(linear))
    }
    return FitPlan(options: options, dictionaries: dictionaries + planned, tensors: tensors)
  }

  /// Whether the new dictionaries of a plan and its tensors take fewer bytes than its dense values.
  private func isSmaller(_ plan: FitPlan) -> Bool {
    let dictionaryByteCount = plan.dictionaries[dictionaries.count...].reduce(0) { $0 + $1.byteCount }
    let byteCount = plan.tensors.reduce(dictionaryByteCount) { $0 + plan.byteCount(of: $1) }
    return byteCount < plan.tensors.reduce(0) { $0 + $1.denseByteCount }
  }

  private mutating func add(_ plan: FitPlan) {
    dictionaries = plan.dictionaries
    for tensor in plan.tensors { forms[tensor.name] = tensor.form }
  }

  /// The finished plan; tensors that got no dictionary stay dense.
  func plan(_ surveys: [TensorSurvey], denseReason: String = "a mosaic would not be smaller") -> FitPlan {
    let tensors = surveys.map { survey in
      if case .dense(let reason) = survey.finding { return planned(survey, .dense(reason: reason)) }
      return planned(
        survey, forms[survey.candidate.name] ?? .dense(reason: denseReason))
    }
    return FitPlan(options: options, dictionaries: dictionaries, tensors: tensors)
  }

  private func planned(_ survey: TensorSurvey, _ form: TensorPlan.Form) -> TensorPlan {
    TensorPlan(
      name: survey.candidate.name, elementType: survey.candidate.elementType,
      shape: survey.candidate.shape, use: survey.use, form: form)
  }

  private func weightCount(of group: [TensorSurvey]) -> Int {
    group.reduce(0) { $0 + $1.candidate.shape.elementCount }
  }
}
