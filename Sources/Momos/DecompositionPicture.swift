import MomosModel

/// The sizes of the weights of a mosaic as a picture in SVG, twice: rows and columns in their order, and those of each
/// part together, parts in their order and what no part has last.
struct DecompositionPicture {
  /// Most cells along a side; a cell is the root mean square of its weights.
  private static let mostCells = 64
  private static let shadeCount = 15
  /// Widths in the units of the picture.
  private static let cellWidth = 4
  private static let gap = 16

  private let rowCells: Int
  private let columnCells: Int
  /// `[rowCells, columnCells]`.
  private var before: Cells
  private var after: Cells

  init(_ mosaic: MosaicTensor) {
    let (rows, columns) = (mosaic.matrixShape[0], mosaic.matrixShape[1])
    rowCells = min(rows, Self.mostCells)
    columnCells = min(columns, Self.mostCells)
    before = Cells(columnCells: columnCells, count: rowCells * columnCells)
    after = before
    let rowRanks = Self.ranks(mosaic.parts.map(\.rows), count: rows)
    let columnRanks = Self.ranks(mosaic.parts.map(\.columns), count: columns)
    let reconstruction = Reconstruction(mosaic)
    for row in 0..<rows {
      let squares = reconstruction.row(row).map { Double($0) * Double($0) }
      let (cellRow, rankedRow) = (row * rowCells / rows, rowRanks[row] * rowCells / rows)
      for (column, square) in squares.enumerated() {
        before.add(square, row: cellRow, column: column * columnCells / columns)
        after.add(square, row: rankedRow, column: columnRanks[column] * columnCells / columns)
      }
    }
  }

  /// The place of each number when those of the first list come first, and those of none last.
  private static func ranks(_ lists: [[Int]?], count: Int) -> [Int] {
    var ranks = [Int](repeating: -1, count: count)
    var next = 0
    for number in lists.compactMap({ $0 }).joined() + Array(0..<count) where ranks[number] < 0 {
      ranks[number] = next
      next += 1
    }
    return ranks
  }

  /// Darker cells are larger; both pictures have one scale.
  var svg: String {
    let (width, height) = (columnCells * Self.cellWidth, rowCells * Self.cellWidth)
    let largest = max(before.largest, after.largest)
    let whole = 2 * width + Self.gap
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(whole)" height="\(height)">
      <rect width="\(width)" height="\(height)" fill="#fff" stroke="#ccc"/>
      \(before.paths(largest: largest, shadeCount: Self.shadeCount, scale: Self.cellWidth, left: 0))
      <rect x="\(width + Self.gap)" width="\(width)" height="\(height)" fill="#fff" stroke="#ccc"/>
      \(after.paths(largest: largest, shadeCount: Self.shadeCount, scale: Self.cellWidth, left: width + Self.gap))
      </svg>

      """
  }
}

/// Squares of weights, summed over cells.
private struct Cells {
  let columnCells: Int
  private var sums: [Double]
  private var counts: [Int]

  init(columnCells: Int, count: Int) {
    self.columnCells = columnCells
    sums = Array(repeating: 0, count: count)
    counts = Array(repeating: 0, count: count)
  }

  mutating func add(_ square: Double, row: Int, column: Int) {
    sums[row * columnCells + column] += square
    counts[row * columnCells + column] += 1
  }

  private func size(_ cell: Int) -> Double { (sums[cell] / Double(max(counts[cell], 1))).squareRoot() }

  var largest: Double { sums.indices.map(size).max() ?? 0 }

  /// One path for each shade of grey, in cells that are scaled and moved to the right.
  func paths(largest: Double, shadeCount: Int, scale: Int, left: Int) -> String {
    var strokes = [String](repeating: "", count: shadeCount + 1)
    for cell in sums.indices where largest > 0 {
      let shade = Int((Double(shadeCount) * size(cell) / largest).rounded())
      strokes[shade] += "M\(cell % columnCells) \(cell / columnCells)h1v1h-1z"
    }
    let paths = strokes.enumerated().dropFirst().filter { !$1.isEmpty }.map { shade, stroke in
      let digit = String(shadeCount - shade, radix: 16)
      return "<path fill=\"#\(digit)\(digit)\(digit)\" d=\"\(stroke)\"/>"
    }
    return "<g transform=\"translate(\(left))scale(\(scale))\">\n\(paths.joined(separator: "\n"))\n</g>"
  }
}
