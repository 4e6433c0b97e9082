public import MomosKernels
public import MomosModel

/// Carries out a plan: trains its dictionaries, then turns one tensor after another into its mosaic.
///
/// Results depend on the plan and the tensors alone: not on the thread count, not on the instruction set.
public struct Fitter {
  private let plan: FitPlan
  private let pool: ThreadPool
  /// By position in the plan; nil until trained.
  private var dictionaries: [MotifDictionary?]
  private let calibration: Calibration?
  private var statistics: [StatisticsKey: LayerStatistics] = [:]
  /// Parts that were encoded together with their dictionary.
  private var encodings: [PartKey: PartEncoding] = [:]
  private let journal: FitJournal?

  private struct StatisticsKey: Hashable {
    /// Position of the moments in the calibration.
    let moments: Int
    /// nil for all.
    let columns: [Int]?
  }

  /// - Parameters:
  ///   - calibration: what is known of the inputs of matrices; nil weighs all errors alike.
  ///   - journal: what it holds is not found again.
  public init(
    plan: FitPlan, calibration: Calibration? = nil, journal: FitJournal? = nil, pool: ThreadPool
  ) {
    self.plan = plan
    self.journal = journal
    self.calibration = calibration
    self.pool = pool
    dictionaries = plan.dictionaries.map { planned in
      if case .exact(let dictionary) = planned.motifs { dictionary } else { nil }
    }
  }

  /// Trains the dictionaries of all tensors that share them with `tensor`, unless they are trained already.
  /// Reads the tensors of that group once each.
  ///
  /// - Returns: how many weights share what was trained.
  @discardableResult
  public mutating func train(
    for tensor: TensorPlan, read: (String) throws -> Tensor
  ) throws -> Int {
    var weightCount = 0
    for part in tensor.parts where dictionaries[part.dictionaries[0]] == nil {
      let entry = FitJournal.Entry.group(part.dictionaries[0])
      if let findings = try journal?.restore(entry) {
        try restore(findings, of: entry, part)
      } else {
        try train(part, read: read)
        try journal?.keep(findings(for: part), entry)
      }
      weightCount += plan.dictionaries[part.dictionaries[0]].weightCount
    }
    return weightCount
  }

  /// What training found for a part and those that share its dictionaries.
  private func findings(for part: PartPlan) -> FitFindings {
    FitFindings(
      dictionaries: part.dictionaries.map { dictionary($0).values },
      encodings: sharers(of: part.dictionaries).compactMap { encodings[$0.key] })
  }

  /// Takes over what training found, the statistics that it used included.
  private mutating func restore(_ findings: FitFindings, of entry: FitJournal.Entry, _ part: PartPlan) throws
  {
    guard findings.dictionaries.count == part.dictionaries.count else {
      throw FitError.unusableFindings(
        entry: "\(entry)", expected: "\(part.dictionaries.count) dictionaries",
        found: "\(findings.dictionaries.count)")
    }
    var restored: [MotifDictionary] = []
    for (position, values) in zip(part.dictionaries, findings.dictionaries) {
      restored.append(try plan.dictionaries[position].dictionary(restoring: values, of: entry))
    }
    let encoded = try sharers(of: part.dictionaries).filter { sharer in
      guard PartEncoder.takesFeedback(restored) else { return false }
      _ = try statistics(of: sharer.key.tensor)
      return try PartEncoder.takesFeedback(sharer.part, restored)
        && statistics(of: sharer.key.tensor, columns: sharer.part.columns) != nil
    }
    guard findings.encodings.count == encoded.count else {
      throw FitError.unusableFindings(
        entry: "\(entry)", expected: "\(encoded.count) parts", found: "\(findings.encodings.count)")
    }
    for (sharer, encoding) in zip(encoded, findings.encodings) {
      try encoding.check(
        rowCount: sharer.part.rowCount(of: sharer.matrix),
        columnCount: sharer.part.columnCount(of: sharer.matrix), dictionaries: restored, of: entry)
      encodings[sharer.key] = encoding
    }
    for (position, dictionary) in zip(part.dictionaries, restored) { dictionaries[position] = dictionary }
  }

  private mutating func train(_ part: PartPlan, read: (String) throws -> Tensor) throws {
    let first = part.dictionaries[0]
    var training = DictionaryTraining(
      fitClass: part.fitClass, planned: part.dictionaries.map { plan.dictionaries[$0] }, pool: pool,
      generator: SeededGenerator(seed: plan.options.seed &+ UInt64(first) &* 0x1_0000_0001))
    try withoutActuallyEscaping(read) { read in
      let members = members(sharing: part.dictionaries, read: read)
      let trained = try training.dictionaries(for: members)
      for (position, dictionary) in zip(part.dictionaries, trained) { dictionaries[position] = dictionary }
      if PartEncoder.takesFeedback(trained) { try refine(part.dictionaries, trained, members) }
    }
  }

  /// Encodes the members whose inputs are known, and refines the dictionary for them.
  private mutating func refine(
    _ positions: [Int], _ trained: [MotifDictionary], _ members: [TrainingMember]
  ) throws {
    var keys: [PartKey] = []
    var refined: [RefinementMember] = []
    for (member, sharer) in zip(members, sharers(of: positions)) {
      _ = try statistics(of: member.key.tensor)
      guard PartEncoder.takesFeedback(sharer.part, trained),
        let moments = calibration?.moments(of: member.key.tensor),
        let statistics = try statistics(of: member.key.tensor, columns: sharer.part.columns)
      else { continue }
      var rows = try member.read()
      rows.shift = UncoveredWeights(
        of: sharer.part, among: sharer.tensor.parts, columnCount: sharer.matrix[1]
      ).shift(of: rows, moments, statistics, pool: pool)
      keys.append(member.key)
      refined.append(
        RefinementMember(
          rows: rows, statistics: statistics, importance: importance(of: member.key.tensor, rows),
          encoding: PartEncoding(indices: [], scales: [])))
    }
    guard !refined.isEmpty else { return }
    let fit = GroupFit(
      planned: positions.map { plan.dictionaries[$0] }, effort: plan.options.effort, pool: pool)
    for (position, dictionary) in zip(positions, try fit.fit(trained, &refined)) {
      dictionaries[position] = dictionary
    }
    for (key, member) in zip(keys, refined) { encodings[key] = member.encoding }
  }

  /// - Parameter columns: of a part; nil for all.
  private mutating func statistics(of tensor: String, columns: [Int]? = nil) throws -> LayerStatistics? {
    guard let calibration, let position = calibration.momentsOfTensor[tensor] else { return nil }
    let key = StatisticsKey(moments: position, columns: columns)
    if let known = statistics[key] { return known }
    let new = try LayerStatistics(calibration.moments[position], columns: columns, pool: pool)
    statistics[key] = new
    return new
  }

  private func knownStatistics(of tensor: String) -> LayerStatistics? {
    calibration?.momentsOfTensor[tensor].flatMap { statistics[StatisticsKey(moments: $0, columns: nil)] }
  }

  /// What the measured loss says an error of |e H^(1/2)|^2 costs, so that tensors which share a dictionary count by it.
  private func importance(of tensor: String, _ rows: PartRows) -> Double {
    var energy = 0.0
    for row in 0..<rows.count {
      let scale = rootMeanSquare(rows.weights(row))
      energy += scale * scale
    }
    guard energy > 0 else { return 0 }
    return (calibration?.losses[tensor] ?? 1) / (energy * Double(rows.columnCount))
  }

  /// All parts that use the same dictionaries.
  private func sharers(
    of positions: [Int]
  ) -> [(key: PartKey, tensor: TensorPlan, part: PartPlan, matrix: Shape)] {
    plan.tensors.flatMap { tensor in
      guard case .mosaic(let view, let parts, _, _) = tensor.form else {
        return [(key: PartKey, tensor: TensorPlan, part: PartPlan, matrix: Shape)]()
      }
      return parts.enumerated().filter { $1.dictionaries == positions }.map { number, part in
        (PartKey(tensor: tensor.name, part: number), tensor, part, view.matrixShape(of: tensor.shape))
      }
    }
  }

  private func members(
    sharing positions: [Int], read: @escaping (String) throws -> Tensor
  ) -> [TrainingMember] {
    sharers(of: positions).map { key, tensor, part, matrix in
      TrainingMember(
        key: key, rowCount: part.rowCount(of: matrix), columnCount: part.columnCount(of: matrix),
        annealing: part.annealing
      ) {
        try rows(of: part, in: tensor, read(tensor.name))
      }
    }
  }

  private func rows(of part: PartPlan, in planned: TensorPlan, _ tensor: Tensor) throws -> PartRows {
    guard case .mosaic(let view, let parts, let rowScale, let outlierCount) = planned.form else {
      preconditionFailure("only mosaics have parts")
    }
    let matrix = try view.matrix(of: tensor)
    let energy = calibration?.moments(of: planned.name)?.squares
    let outliers = outlierCount > 0 ? OutlierSelection(of: matrix, inputEnergy: energy, parts: parts) : .none
    guard outliers.count == outlierCount else { throw FitError.sourceChanged(name: planned.name) }
    return PartRows(
      matrix: matrix, rows: part.rows, columns: part.columns,
      annealing: part.annealing.map { ($0, part.fitClass.sequenceLength) }, rowScale: rowScale,
      outliers: outliers)
  }

  /// The compressed form of a tensor whose dictionaries are trained, and its error against the source; nil for a
  /// tensor that stays dense.
  public func fit(_ tensor: Tensor, as planned: TensorPlan) throws -> FittedTensor? {
    switch planned.form {
    case .dense: return nil
    case .exact(let view, let blocking, let position):
      return try exact(tensor, as: planned, view: view, blocking: blocking, position: position)
    case .mosaic(let view, let parts, _, _):
      return try fitted(tensor, as: planned, view: view, parts: parts)
    }
  }

  private func exact(
    _ tensor: Tensor, as planned: TensorPlan, view: MatrixView, blocking: Blocking, position: Int
  ) throws -> FittedTensor {
    let dictionary = dictionary(position)
    let matrix = try tensor.matrix(view, blocking)
    guard let indices = DistinctBlocks.indices(of: matrix, in: dictionary) else {
      throw FitError.sourceChanged(name: planned.name)
    }
    let mosaic = try Mosaic(
      packing: indices, rowCount: matrix.shape[0],
      blockCount: dictionary.blockCount(covering: matrix.shape[1]), blockLength: dictionary.blockLength,
      indexWidth: dictionary.indexWidth,
      layout: plan.dictionaries[position].layout(rowCount: matrix.shape[0], use: planned.use))
    let part = MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])
    return FittedTensor(
      tensor: MosaicTensor(
        elementType: tensor.elementType, shape: tensor.shape, view: view, blocking: blocking,
        composition: .copy, parts: [part]),
      metrics: ErrorMetrics(), outputError: nil)
  }

  private func fitted(
    _ tensor: Tensor, as planned: TensorPlan, view: MatrixView, parts: [PartPlan]
  ) throws -> FittedTensor {
    var assembly = TensorAssembly(
      elementType: tensor.elementType, shape: tensor.shape, view: view, use: planned.use)
    let entry = plan.tensors.firstIndex { $0.name == planned.name }.map(FitJournal.Entry.tensor)
    let kept = try entry.flatMap { try journal?.restore($0)?.encodings }
    var found: [PartEncoding] = []
    for (number, part) in parts.enumerated() {
      let rows = try rows(of: part, in: planned, tensor)
      let trained = part.dictionaries.map(dictionary)
      let encoding: PartEncoding
      if let refined = encodings[PartKey(tensor: planned.name, part: number)] {
        encoding = refined
      } else {
        if let kept, let entry {
          encoding = try restored(kept, number: found.count, rows, trained, of: entry)
        } else {
          encoding = PartEncoder(rows: rows, dictionaries: trained).encode(pool: pool)
        }
        found.append(encoding)
      }
      try assembly.add(
        encoding, of: rows, planned: part.dictionaries.map { plan.dictionaries[$0] }, dictionaries: trained,
        pool: pool)
      if part.columns == nil, let statistics = knownStatistics(of: planned.name) {
        assembly.addOutputError(encoding, of: rows, dictionaries: trained, statistics, pool: pool)
      }
    }
    if parts.contains(where: { $0.columns != nil }) {
      let matrix = try view.matrix(of: tensor)
      assembly.addUncovered(of: matrix)
      if let statistics = knownStatistics(of: planned.name) {
        assembly.addOutputError(of: matrix, statistics, pool: pool)
      }
    }
    if kept == nil, !found.isEmpty, let entry {
      try journal?.keep(FitFindings(dictionaries: [], encodings: found), entry)
    }
    return assembly.finished()
  }

  /// One of the encodings that were kept of a tensor.
  private func restored(
    _ kept: [PartEncoding], number: Int, _ rows: PartRows, _ dictionaries: [MotifDictionary],
    of entry: FitJournal.Entry
  ) throws(FitError) -> PartEncoding {
    guard number < kept.count else {
      throw .unusableFindings(
        entry: "\(entry)", expected: "more than \(number) parts", found: "\(kept.count)")
    }
    try kept[number].check(
      rowCount: rows.count, columnCount: rows.columnCount, dictionaries: dictionaries, of: entry)
    return kept[number]
  }

  private func dictionary(_ position: Int) -> MotifDictionary {
    guard let dictionary = dictionaries[position] else { preconditionFailure("dictionary not trained") }
    return dictionary
  }
}
