import MomosModel

/// Everything that is decided before the fit: inspectable, without side effects.
public struct FitPlan: Sendable {
  public let options: FitOptions
  public let dictionaries: [PlannedDictionary]
  /// In the order of the source.
  public let tensors: [TensorPlan]
  /// What was found of matrices that fall apart or lose blocks; none unless the plan was decomposed.
  public internal(set) var decompositions: [TensorDecomposition] = []
}

extension FitPlan {
  /// How a tensor is stored, in the words of reports: "s4k256", "s4k256x2" for two stages, "exact s4k17", "dense";
  /// for several parts the class of each with its rows.
  public func className(of tensor: TensorPlan) -> String {
    switch tensor.form {
    case .dense:
      return "dense"
    case .exact(_, let blocking, let dictionary):
      let name = blocking == .flat ? "exact flat" : "exact"
      return "\(name) \(FitClass(stages: [dictionaries[dictionary].form]))"
    case .mosaic(_, let parts, _, _):
      if parts.count == 1, parts[0].rows == nil { return parts[0].fitClass.description }
      return parts.map { part in
        let rowCount = part.rows?.count ?? tensor.shape[0]
        let columns = part.columns.map { " x \($0.count) columns" } ?? ""
        return "\(part.fitClass) (\(rowCount) rows\(columns))"
      }.joined(separator: ", ")
    }
  }

  /// Bytes of indices, row scales and outliers of a tensor in memory; dense bytes for a dense one. Dictionaries are
  /// apart.
  public func byteCount(of tensor: TensorPlan) -> Int {
    switch tensor.form {
    case .dense:
      return tensor.denseByteCount
    case .exact(let view, let blocking, let dictionary):
      let matrix = tensor.matrixShape(view, blocking)
      return dictionaries[dictionary].mosaicByteCount(
        rowCount: matrix[0], columnCount: matrix[1], use: tensor.use)
    case .mosaic(let view, let parts, let rowScale, let outlierCount):
      let matrix = view.matrixShape(of: tensor.shape)
      let outliers = outlierCount * Outliers.byteCount(of: matrix)
      return parts.reduce(outliers) { sum, part in
        let rowCount = part.rowCount(of: matrix)
        return part.dictionaries.reduce(sum + rowCount * (rowScale?.byteCount ?? 0)) {
          $0
            + dictionaries[$1].mosaicByteCount(
              rowCount: rowCount, columnCount: part.columnCount(of: matrix), use: tensor.use)
        }
      }
    }
  }

  /// Bits per weight of one tensor, its share of shared dictionaries included.
  public func bits(of tensor: TensorPlan) -> Double {
    let weights = tensor.shape.elementCount
    guard weights > 0 else { return 0 }
    return 8 * (Double(byteCount(of: tensor)) + dictionaryShare(of: tensor)) / Double(weights)
  }

  /// Bytes of dictionaries in proportion to the weights that use them.
  private func dictionaryShare(of tensor: TensorPlan) -> Double {
    func share(_ position: Int, weightCount: Int) -> Double {
      let dictionary = dictionaries[position]
      return Double(dictionary.byteCount) * Double(weightCount) / Double(dictionary.weightCount)
    }
    switch tensor.form {
    case .dense: return 0
    case .exact(_, _, let dictionary): return share(dictionary, weightCount: tensor.shape.elementCount)
    case .mosaic(let view, let parts, _, _):
      let matrix = view.matrixShape(of: tensor.shape)
      return parts.reduce(0.0) { sum, part in
        part.dictionaries.reduce(sum) {
          $0 + share($1, weightCount: part.rowCount(of: matrix) * part.columnCount(of: matrix))
        }
      }
    }
  }

  /// What the outputs are expected to lose in all, 1 - cosine; nil where nothing was measured.
  public var predictedLoss: Double? {
    let losses = tensors.compactMap(\.predictedLoss)
    return losses.isEmpty ? nil : losses.reduce(0, +)
  }

  /// Bits per fitted weight of the model (indices, row scales, dictionaries, outliers); nil if nothing is fitted.
  public var bits: Double? {
    let fitted = tensors.filter { if case .dense = $0.form { false } else { true } }
    let weights = fitted.reduce(0) { $0 + $1.shape.elementCount }
    guard weights > 0 else { return nil }
    let bytes = fitted.reduce(dictionaries.reduce(0) { $0 + $1.byteCount }) { $0 + byteCount(of: $1) }
    return 8 * Double(bytes) / Double(weights)
  }
}
