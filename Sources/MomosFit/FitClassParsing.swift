import MomosModel

extension FitClass {
  /// The class with this `description`, dictionaries antipodal where the motif count is a power of two from 4 on; nil for other text and
  /// for measures that no file may have.
  public init?(parsing name: String) {
    var rest = Substring(name)
    let isOverlapping = rest.hasPrefix("overlapping ")
    if isOverlapping { rest = rest.dropFirst("overlapping ".count) }
    var stages: [StageForm] = []
    for term in rest.split(separator: "+", omittingEmptySubsequences: false) {
      let (form, repetitions) = term.withoutSpaces.splitRepetitions
      guard let stage = StageForm(parsing: form, isOverlapping: isOverlapping && stages.isEmpty) else {
        return nil
      }
      guard let repetitions, (1...Self.maximumStageCount).contains(repetitions),
        repetitions == 1 || !stage.isOverlapping
      else { return nil }
      stages += [StageForm](repeating: stage, count: repetitions)
    }
    guard (1...Self.maximumStageCount).contains(stages.count) else { return nil }
    self.init(stages: stages)
    // One spelling for each class: no leading zeros, no signs, no "s4k256 + s4k256".
    guard description == name else { return nil }
  }

  static let maximumStageCount = 8

  /// Whether dictionaries of this class can be trained: overlapping ones have blocks of at most 16 weights, added ones
  /// block lengths that divide the longest.
  public var canBeFitted: Bool {
    if stages[0].isOverlapping && stages[0].blockLength > FitOptions.maximumOverlappingBlockLength {
      return false
    }
    let added = stages.filter { !$0.isOverlapping }
    let longest = added.map(\.blockLength).max() ?? 1
    return added.allSatisfy { longest % $0.blockLength == 0 }
  }
}

extension FitClass.StageForm {
  /// From "s4k256".
  fileprivate init?(parsing name: Substring, isOverlapping: Bool) {
    guard name.first == "s", let separator = name.firstIndex(of: "k"),
      let blockLength = Int(name[..<separator].dropFirst()),
      let motifCount = Int(name[separator...].dropFirst()),
      (1...MotifDictionary.maximumMotifCount).contains(motifCount),
      (1...MotifDictionary.maximumBlockLength).contains(blockLength)
    else { return nil }
    self.init(
      blockLength: blockLength, motifCount: motifCount, isOverlapping: isOverlapping,
      isAntipodal: Self.canBePaired(motifCount: motifCount))
  }
}

extension Substring {
  /// Without a space in front and one behind.
  fileprivate var withoutSpaces: Substring {
    let text = first == " " ? dropFirst() : self
    return text.last == " " ? text.dropLast() : text
  }

  /// "s4k256x2" as "s4k256" and 2; nil for a count that is none.
  fileprivate var splitRepetitions: (Substring, Int?) {
    guard let sign = firstIndex(of: "x") else { return (self, 1) }
    return (self[..<sign], Int(self[index(after: sign)...]))
  }
}
