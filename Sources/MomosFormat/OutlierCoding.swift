// OFFSET  SIZE  FIELD                     (n outliers; u = 2 if rows and columns are at most 65,536, else 4)
//      0   u*n  row numbers
//    u*n   u*n  column numbers
//  2*u*n   2*n  float16 values
import MomosModel

/// The section that holds a tensor's outliers (spec section 6.3).
enum OutlierCoding {
  /// Bytes of one outlier in a matrix of this shape.
  static func byteCount(matrix: Shape) -> Int {
    isNarrow(matrix) ? 6 : 10
  }

  private static func isNarrow(_ matrix: Shape) -> Bool {
    max(matrix[0], matrix[1]) <= FormatLimits.maximumNarrowExtent
  }

  /// - Parameter outliers: inside the matrix.
  static func encode(_ outliers: Outliers, matrix: Shape) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(outliers.count * byteCount(matrix: matrix))
    let numberByteCount = isNarrow(matrix) ? 2 : 4
    for number in outliers.rows + outliers.columns {
      for position in 0..<numberByteCount {
        bytes.append(UInt8(truncatingIfNeeded: number >> (8 * position)))
      }
    }
    for value in outliers.values {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern))
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> 8))
    }
    return bytes
  }

  /// Checks M-17.
  /// - Parameter bytes: `count * byteCount(matrix:)` bytes, aligned to 4.
  static func decode(_ bytes: Bytes, count: Int, matrix: Shape, place: String) throws(FormatError) -> Outliers
  {
    let numbers: [Int]
    if isNarrow(matrix) {
      numbers = bytes[0..<4 * count].array(of: UInt16.self).map { Int($0) }
    } else {
      numbers = bytes[0..<8 * count].array(of: UInt32.self).map { Int($0) }
    }
    let values = bytes[(bytes.count - 2 * count)..<bytes.count].array(of: Float16.self)
    let rows = Array(numbers[..<count])
    let columns = Array(numbers[count...])
    for position in 0..<count {
      let (row, column) = (rows[position], columns[position])
      guard row < matrix[0], column < matrix[1] else {
        throw FormatError(
          .m17, at: "\(place), outlier \(position + 1)", expected: "a position inside the matrix \(matrix)",
          found: "row \(row), column \(column)")
      }
      guard position == 0 || (rows[position - 1], columns[position - 1]) < (row, column) else {
        throw FormatError(
          .m17, at: "\(place), outlier \(position + 1)",
          expected: "a position after row \(rows[position - 1]), column \(columns[position - 1])",
          found: "row \(row), column \(column)")
      }
      guard values[position].isFinite else {
        throw FormatError(
          .m17, at: "\(place), outlier \(position + 1)", expected: "a finite value",
          found: "\(values[position])")
      }
    }
    return Outliers(rows: rows, columns: columns, values: values)
  }
}
