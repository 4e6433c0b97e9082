public import MomosModel

/// What a fit has found so far: enough to go on without finding it again.
public struct FitFindings: Sendable {
  /// Stored values, one for each stage; none in the findings of a tensor.
  public var dictionaries: [Bytes]
  /// Of the parts that were encoded, in the order of the plan.
  public var encodings: [PartEncoding]

  public init(dictionaries: [Bytes], encodings: [PartEncoding]) {
    self.dictionaries = dictionaries
    self.encodings = encodings
  }
}

/// Keeps the findings of a fit beyond its end.
public struct FitJournal {
  /// What findings are about.
  public enum Entry: Hashable, Sendable, CustomStringConvertible {
    /// The parts that share dictionaries, by the position of the first dictionary in the plan: dictionaries, and
    /// encodings of parts that were encoded together with them.
    case group(Int)
    /// The other parts of a tensor, by its position in the plan.
    case tensor(Int)

    public var description: String {
      switch self {
      case .group(let number): "group-\(number)"
      case .tensor(let number): "tensor-\(number)"
      }
    }
  }

  /// What an earlier fit by the same plan kept; it is checked before it is used.
  public let restore: (Entry) throws -> FitFindings?
  /// Called once for each entry that was not restored.
  public let keep: (FitFindings, Entry) throws -> Void

  public init(
    restore: @escaping (Entry) throws -> FitFindings?, keep: @escaping (FitFindings, Entry) throws -> Void
  ) {
    self.restore = restore
    self.keep = keep
  }
}

extension PlannedDictionary {
  /// A dictionary with values that were kept.
  func dictionary(restoring values: Bytes, of entry: FitJournal.Entry) throws(FitError) -> MotifDictionary {
    guard values.count == byteCount else {
      throw .unusableFindings(
        entry: "\(entry)", expected: "a dictionary of \(byteCount) bytes", found: "\(values.count)")
    }
    let dictionary = MotifDictionary(
      motifCount: form.motifCount, blockLength: form.blockLength, isOverlapping: form.isOverlapping,
      elementType: elementType, isAntipodal: form.isAntipodal, hasZeroMotif: hasZeroMotif, values: values)
    guard dictionary.storedFloats().allSatisfy(\.isFinite) else {
      throw .unusableFindings(entry: "\(entry)", expected: "finite motifs", found: "others")
    }
    return dictionary
  }
}

extension PartEncoding {
  /// Refuses what no fit finds for a part of this shape.
  func check(
    rowCount: Int, columnCount: Int, dictionaries: [MotifDictionary], of entry: FitJournal.Entry
  ) throws(FitError) {
    func refusal(_ expected: String, _ found: String) -> FitError {
      .unusableFindings(entry: "\(entry)", expected: expected, found: found)
    }
    guard indices.count == dictionaries.count else {
      throw refusal("\(dictionaries.count) stages", "\(indices.count)")
    }
    for (indices, dictionary) in zip(indices, dictionaries) {
      let count = rowCount * dictionary.blockCount(covering: columnCount)
      guard indices.count == count else { throw refusal("\(count) indices", "\(indices.count)") }
      for index in indices where !dictionary.contains(index: Int(index)) {
        throw refusal("indices of \(dictionary.motifCount) motifs", "\(index)")
      }
    }
    guard scales.count == rowCount, scales.allSatisfy(\.isFinite) else {
      throw refusal("\(rowCount) finite row scales", "\(scales.count), or others")
    }
  }
}
