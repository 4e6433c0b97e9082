import MomosModel

/// Gives the parts of decomposed matrices their classes, and the plan the dictionaries of these.
///
/// Where a goal chose the class of the whole, each part gets the class with which all lose least in the bytes that they
/// would take in that of the whole. What a part loses is in proportion to the energy of noise in its outputs: the mean square
/// of the weights that a row keeps times the energy of their inputs, over all rows. So what lies across parts, where weights
/// are small or inputs weak, gets fewer bits.
struct PartClasses {
  private let options: FitOptions
  private let table: ClassTable
  private var dictionaries: [PlannedDictionary]
  private var positions: [SharedClass: [Int]] = [:]
  /// How many tensors have parts of a class.
  private var tensorCounts: [SharedClass: Int] = [:]

  /// - Parameter plan: whose dictionaries are used on.
  init(_ plan: FitPlan) {
    options = plan.options
    table = ClassTable(filter: options.form, preference: options.preference)
    dictionaries = plan.dictionaries
    for tensor in plan.tensors {
      for part in tensor.parts {
        positions[SharedClass(fitClass: part.fitClass, use: tensor.use)] = part.dictionaries
      }
      for fitClass in Set(tensor.parts.map(\.fitClass)) {
        tensorCounts[SharedClass(fitClass: fitClass, use: tensor.use), default: 0] += 1
      }
    }
  }

  // MARK: Parts

  /// Parts of a matrix that is multiplied by, with their classes.
  ///
  /// - Parameters:
  ///   - parts: in the class of the whole.
  ///   - whole: the matrix as one part.
  ///   - energies: mean squares of the inputs, up to a factor.
  mutating func classified(
    _ parts: [PartPlan], of matrix: Tensor, whole: PartPlan, energies: [Double]
  ) -> [PartPlan] {
    let wholeEnergy = Self.noiseEnergy(of: whole, matrix, energies)
    let shares = parts.map { part in
      wholeEnergy > 0 ? Self.noiseEnergy(of: part, matrix, energies) / wholeEnergy : 0
    }
    tensorCounts[SharedClass(fitClass: whole.fitClass, use: .product), default: 1] -= 1
    let chosen = chosenClasses(of: parts, shares: shares, whole: whole.fitClass, matrix.shape)
    for fitClass in Set(chosen) {
      tensorCounts[SharedClass(fitClass: fitClass, use: .product), default: 0] += 1
    }
    return zip(parts, zip(chosen, shares)).map { part, found in
      let (fitClass, share) = found
      let loss = whole.predictedLoss.map { loss in
        loss * share * (noise(of: fitClass) ?? 1) / (noise(of: whole.fitClass) ?? 1)
      }
      return PartPlan(
        rows: part.rows, columns: part.columns,
        annealing: part.annealing?.cut(
          part.fitClass.sequenceLength, to: fitClass.sequenceLength,
          columns: part.columnCount(of: matrix.shape)),
        fitClass: fitClass, dictionaries: dictionaryPositions(of: fitClass), predictedLoss: loss)
    }
  }

  /// Noise in proportion to the root mean square of what each row keeps, as the outputs see it.
  private static func noiseEnergy(of part: PartPlan, _ matrix: Tensor, _ energies: [Double]) -> Double {
    let columnCount = matrix.shape[1]
    return (0..<part.rowCount(of: matrix.shape)).reduce(0.0) { sum, position in
      let row = part.rows?[position] ?? position
      let weights = matrix.floats(in: row * columnCount..<(row + 1) * columnCount)
      let kept = part.keptColumns(ofRow: position, of: matrix.shape) ?? Array(0..<columnCount)
      let scale = rootMeanSquare(kept.map { weights[$0] })
      return sum + scale * scale * kept.reduce(0.0) { $0 + energies[$1] }
    }
  }

  private func noise(of fitClass: FitClass) -> Double? {
    table.products.first { $0.form.fitClass == fitClass }?.noiseToSignal
  }

  private func chosenClasses(
    of parts: [PartPlan], shares: [Double], whole: FitClass, _ matrix: Shape
  ) -> [FitClass] {
    let asWhole = parts.map(\.fitClass)
    guard options.goal != .explicit, parts.count > 1 else { return asWhole }
    let items = zip(parts, shares).map { part, share in
      AllocationItem(
        weightCount: part.rowCount(of: matrix) * part.columnCount(of: matrix),
        choices: table.products.compactMap { entry in
          guard let fitClass = entry.form.fitClass, part.takes(fitClass) else { return nil }
          return AllocationItem.Choice(
            form: entry.form, byteCount: byteCount(of: part, fitClass, matrix),
            predictedLoss: share * entry.noiseToSignal)
        })
    }
    let budget = parts.reduce(dictionaryByteCount(whole)) { $0 + byteCount(of: $1, whole, matrix) }
    let allocator = Allocator(items: items) { dictionaryByteCount($0) }
    guard items.allSatisfy({ !$0.choices.isEmpty }),
      let allocation = try? allocator.allocation(byteCount: budget)
    else { return asWhole }
    return zip(items, allocation.choices).compactMap { $0.choices[$1].form.fitClass }
  }

  private func byteCount(of part: PartPlan, _ fitClass: FitClass, _ matrix: Shape) -> Int {
    fitClass.stages.reduce(0) {
      $0
        + planned($1).mosaicByteCount(
          rowCount: part.rowCount(of: matrix), columnCount: part.columnCount(of: matrix), use: .product)
    }
  }

  /// Of a class that no other tensor has; 0 for others.
  private func dictionaryByteCount(_ fitClass: FitClass) -> Int {
    guard tensorCounts[SharedClass(fitClass: fitClass, use: .product), default: 0] == 0 else { return 0 }
    return fitClass.stages.reduce(0) { $0 + planned($1).byteCount }
  }

  // MARK: Dictionaries

  private func planned(_ form: FitClass.StageForm, weightCount: Int = 0) -> PlannedDictionary {
    PlannedDictionary(
      form: form, elementType: options.dictionaryElementType, hasZeroMotif: options.hasZeroMotif,
      motifs: .trained, weightCount: weightCount)
  }

  /// Of the dictionaries of a class; new ones unless there are some.
  private mutating func dictionaryPositions(of fitClass: FitClass) -> [Int] {
    let shared = SharedClass(fitClass: fitClass, use: .product)
    if let known = positions[shared] { return known }
    let new = Array(dictionaries.count..<dictionaries.count + fitClass.stages.count)
    dictionaries += fitClass.stages.map { planned($0) }
    positions[shared] = new
    return new
  }

  /// The plan with tensors of these classes; it has the dictionaries that they use.
  func plan(_ tensors: [TensorPlan]) -> FitPlan {
    var weightCounts = [Int](repeating: 0, count: dictionaries.count)
    for tensor in tensors {
      for (position, count) in tensor.weightCounts { weightCounts[position] += count }
    }
    var kept: [PlannedDictionary] = []
    var newPositions = [Int](repeating: 0, count: dictionaries.count)
    for (position, dictionary) in dictionaries.enumerated() where weightCounts[position] > 0 {
      newPositions[position] = kept.count
      kept.append(
        PlannedDictionary(
          form: dictionary.form, elementType: dictionary.elementType, hasZeroMotif: dictionary.hasZeroMotif,
          motifs: dictionary.motifs, weightCount: weightCounts[position]))
    }
    return FitPlan(
      options: options, dictionaries: kept,
      tensors: tensors.map { $0.movingDictionaries { newPositions[$0] } })
  }
}

extension PartPlan {
  /// Whether the blocks that are zero are whole blocks of a class.
  fileprivate func takes(_ other: FitClass) -> Bool {
    annealing == nil || fitClass.sequenceLength.isMultiple(of: other.sequenceLength)
  }
}

extension TensorPlan {
  /// Weights that use dictionaries, by position; those of parts once for each stage.
  fileprivate var weightCounts: [(position: Int, count: Int)] {
    switch form {
    case .dense: return []
    case .exact(_, _, let dictionary): return [(dictionary, shape.elementCount)]
    case .mosaic(let view, let parts, _, _):
      let matrix = view.matrixShape(of: shape)
      return parts.flatMap { part in
        part.dictionaries.map { ($0, part.rowCount(of: matrix) * part.columnCount(of: matrix)) }
      }
    }
  }

  fileprivate func movingDictionaries(_ position: (Int) -> Int) -> TensorPlan {
    let moved: Form =
      switch form {
      case .dense: form
      case .exact(let view, let blocking, let dictionary):
        .exact(view, blocking, dictionary: position(dictionary))
      case .mosaic(let view, let parts, let rowScale, let outlierCount):
        .mosaic(
          view,
          parts: parts.map { part in
            PartPlan(
              rows: part.rows, columns: part.columns, annealing: part.annealing, fitClass: part.fitClass,
              dictionaries: part.dictionaries.map(position), predictedLoss: part.predictedLoss)
          }, rowScale: rowScale, outlierCount: outlierCount)
      }
    return TensorPlan(name: name, elementType: elementType, shape: shape, use: use, form: moved)
  }
}
