import MomosModel

/// The weights of a matrix that are kept apart from its mosaic, because one of them would cost its row more than all
/// others: |w| above 6 root mean squares of the row, and the few with the most energy in the outputs.
struct OutlierSelection: Sendable {
  /// Root mean squares of its row beyond which a weight is always kept apart.
  static let certainRatio: Float = 6
  /// The same for weights with much energy in the outputs.
  static let energeticRatio: Float = 4
  /// How many of the latter at most.
  static let energeticCount = 32

  /// Columns of the outliers by row; rows without any are absent.
  let columns: [Int: [Int]]
  let count: Int

  static let none = OutlierSelection()

  private init() {
    columns = [:]
    count = 0
  }

  /// - Parameters:
  ///   - matrix: `[rows, columns]`.
  ///   - inputEnergy: the mean square of each input, by column; nil where it is unknown.
  ///   - parts: disjoint. Weights are measured by those of their row that the part keeps; what no part keeps is no
  ///     outlier. nil for one part of everything.
  init(of matrix: Tensor, inputEnergy: [Double]? = nil, parts: [PartPlan]? = nil) {
    var search = OutlierSearch(matrix: matrix, inputEnergy: inputEnergy)
    if let parts {
      for part in parts {
        for position in 0..<part.rowCount(of: matrix.shape) {
          search.add(
            row: part.rows?[position] ?? position, kept: part.keptColumns(ofRow: position, of: matrix.shape))
        }
      }
    } else {
      for row in 0..<matrix.shape[0] { search.add(row: row, kept: nil) }
    }
    columns = search.all().mapValues { $0.sorted() }
    count = columns.values.reduce(0) { $0 + $1.count }
  }
}

/// Outliers while they are looked for, row by row.
private struct OutlierSearch {
  let matrix: Tensor
  let inputEnergy: [Double]?
  private let normalNumbers = Float(Float16.leastNormalMagnitude)...Float(Float16.greatestFiniteMagnitude)
  private var certain: [Int: [Int]] = [:]
  private var energetic: [(energy: Double, row: Int, column: Int)] = []

  init(matrix: Tensor, inputEnergy: [Double]?) {
    self.matrix = matrix
    self.inputEnergy = inputEnergy
  }

  /// - Parameter kept: the columns of the row that count; nil for all.
  mutating func add(row: Int, kept: [Int]?) {
    let columnCount = matrix.shape[1]
    var weights = matrix.floats(in: row * columnCount..<(row + 1) * columnCount)
    if let kept { weights = kept.map { weights[$0] } }
    let scale = Float(rootMeanSquare(weights))
    let least = scale * OutlierSelection.energeticRatio
    guard scale > 0, weights.contains(where: { $0.magnitude > least }) else { return }
    for (position, weight) in weights.enumerated() where weight.magnitude > least {
      // Outliers are stored as float16.
      guard normalNumbers.contains(weight.magnitude) else { continue }
      let column = kept?[position] ?? position
      if weight.magnitude > scale * OutlierSelection.certainRatio {
        certain[row, default: []].append(column)
      } else if let inputEnergy {
        energetic.append((Double(weight) * Double(weight) * inputEnergy[column], row, column))
      }
    }
  }

  /// Columns by row: those beyond doubt, and of the others the few with the most energy.
  func all() -> [Int: [Int]] {
    var chosen = certain
    let sorted = energetic.sorted {
      $0.energy != $1.energy ? $0.energy > $1.energy : ($0.row, $0.column) < ($1.row, $1.column)
    }
    for weight in sorted.prefix(OutlierSelection.energeticCount) {
      chosen[weight.row, default: []].append(weight.column)
    }
    return chosen
  }
}
