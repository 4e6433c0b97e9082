import MomosKernels
import MomosModel

/// Fits the parts that share a dictionary with what calibration tells about their inputs: error feedback for the motifs
/// of every row, then in turn the dictionary and the scales that bring the outputs closest, and the motifs anew.
struct GroupFit {
  /// One for each stage.
  let planned: [PlannedDictionary]
  let effort: FitOptions.Effort
  let pool: ThreadPool

  /// Rounds of refinement after the first encoding.
  private var roundCount: Int {
    switch effort {
    case .fast: 0
    case .normal: 2
    case .max: 3
    }
  }

  /// - Parameters:
  ///   - dictionaries: one for each stage; of a single stage it is refined.
  ///   - members: parts whose encodings are replaced.
  /// - Returns: the dictionaries after refinement.
  func fit(
    _ dictionaries: [MotifDictionary], _ members: inout [RefinementMember]
  ) throws(ModelError) -> [MotifDictionary] {
    var dictionaries = dictionaries
    for number in members.indices { encode(&members[number], dictionaries, keepsScales: false) }
    for round in 0..<(dictionaries.count == 1 ? roundCount : 0) {
      if round > 0 {
        for number in members.indices { encode(&members[number], dictionaries, keepsScales: true) }
      }
      var motifs = dictionaries[0].storedFloats()
      DictionaryRefinement(form: planned[0].form, pinsZeroMotif: planned[0].hasZeroMotif, pool: pool)
        .refine(&motifs, for: members)
      dictionaries = [try planned[0].dictionary(rounding: motifs)]
      refineScales(of: &members, dictionaries)
    }
    if roundCount == 0 || dictionaries.count > 1 { refineScales(of: &members, dictionaries) }
    return dictionaries
  }

  private func encode(
    _ member: inout RefinementMember, _ dictionaries: [MotifDictionary], keepsScales: Bool
  ) {
    let encoder = PartEncoder(
      rows: member.rows, dictionaries: dictionaries, feedback: member.statistics.feedback,
      survivorCount: survivorCount(dictionaries[dictionaries.count - 1]))
    member.encoding = encoder.encode(scales: keepsScales ? member.encoding.scales : nil, pool: pool)
  }

  private func refineScales(of members: inout [RefinementMember], _ dictionaries: [MotifDictionary]) {
    for number in members.indices {
      let expansion = MotifExpansion(dictionaries, columnCount: members[number].rows.columnCount)
      RowScaleRefinement(pool: pool).refine(&members[number], expansion: expansion)
    }
  }

  /// Paths that a search follows: more at high rates, where many are close to each other.
  private func survivorCount(_ dictionary: MotifDictionary) -> Int {
    let isFine = Double(dictionary.indexWidth) / Double(dictionary.blockLength) > 3
    return switch effort {
    case .fast: isFine ? 32 : 16
    case .normal: isFine ? 64 : 32
    case .max: 64
    }
  }
}
