import MomosKernels
import MomosModel

/// Fits the parts that share a dictionary with what calibration tells about their inputs: error feedback for the motifs
/// of every row, then in turn the dictionary and the scales that bring the outputs closest, and the motifs anew.
struct GroupFit {
  let planned: PlannedDictionary
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

  /// - Parameter members: parts with single-stage encodings, which are replaced.
  /// - Returns: the dictionary after refinement.
  func fit(_ dictionary: MotifDictionary, _ members: inout [RefinementMember]) throws(ModelError)
    -> MotifDictionary
  {
    var dictionary = dictionary
    for number in members.indices { encode(&members[number], dictionary, keepsScales: false) }
    for round in 0..<roundCount {
      if round > 0 {
        for number in members.indices { encode(&members[number], dictionary, keepsScales: true) }
      }
      var motifs = dictionary.storedFloats()
      DictionaryRefinement(form: planned.form, pinsZeroMotif: planned.hasZeroMotif, pool: pool)
        .refine(&motifs, for: members)
      dictionary = try planned.dictionary(rounding: motifs)
      refineScales(of: &members, dictionary)
    }
    if roundCount == 0 { refineScales(of: &members, dictionary) }
    return dictionary
  }

  private func encode(_ member: inout RefinementMember, _ dictionary: MotifDictionary, keepsScales: Bool) {
    let encoder = PartEncoder(
      rows: member.rows, dictionaries: [dictionary], feedback: member.statistics.feedback,
      survivorCount: survivorCount(dictionary))
    member.encoding = encoder.encode(scales: keepsScales ? member.encoding.scales : nil, pool: pool)
  }

  private func refineScales(of members: inout [RefinementMember], _ dictionary: MotifDictionary) {
    for number in members.indices {
      let expansion = MotifExpansion([dictionary], columnCount: members[number].rows.columnCount)
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
