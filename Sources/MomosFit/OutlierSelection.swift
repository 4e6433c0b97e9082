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
  init(of matrix: Tensor, inputEnergy: [Double]? = nil) {
    let normalNumbers = Float(Float16.leastNormalMagnitude)...Float(Float16.greatestFiniteMagnitude)
    let columnCount = matrix.shape[1]
    var chosen: [Int: [Int]] = [:]
    var energetic: [(energy: Double, row: Int, column: Int)] = []
    for row in 0..<matrix.shape[0] {
      let weights = matrix.floats(in: row * columnCount..<(row + 1) * columnCount)
      let scale = Float(rootMeanSquare(weights))
      let least = scale * Self.energeticRatio
      guard scale > 0, weights.contains(where: { $0.magnitude > least }) else { continue }
      for (column, weight) in weights.enumerated() where weight.magnitude > least {
        // Outliers are stored as float16.
        guard normalNumbers.contains(weight.magnitude) else { continue }
        if weight.magnitude > scale * Self.certainRatio {
          chosen[row, default: []].append(column)
        } else if let inputEnergy {
          energetic.append((Double(weight) * Double(weight) * inputEnergy[column], row, column))
        }
      }
    }
    energetic.sort {
      $0.energy != $1.energy ? $0.energy > $1.energy : ($0.row, $0.column) < ($1.row, $1.column)
    }
    for weight in energetic.prefix(Self.energeticCount) {
      chosen[weight.row, default: []].append(weight.column)
    }
    columns = chosen.mapValues { $0.sorted() }
    count = chosen.values.reduce(0) { $0 + $1.count }
  }
}
