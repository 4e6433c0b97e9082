import MomosModel

/// The axes of the operands and of the result of an Einsum, each named by a number: equal numbers are one axis.
struct EinsumEquation {
  /// Before ranks are known: letters, with nil for the place of an ellipsis.
  private let operands: [[Int?]]
  private let result: [Int?]?

  /// nil for a text that is no equation.
  init?(_ text: String) {
    let letters = text.unicodeScalars.filter { $0 != " " }
    var sides = String(String.UnicodeScalarView(letters))[...]
    if let head = sides.firstIndex(of: ">") {
      let operands = sides[..<head]
      guard operands.last == "-", let result = Self.axes(sides[head...].dropFirst()) else { return nil }
      self.result = result
      sides = operands.dropLast()
    } else {
      result = nil
    }
    var operands: [[Int?]] = []
    for operand in sides.split(separator: ",", omittingEmptySubsequences: false) {
      guard let axes = Self.axes(operand) else { return nil }
      operands.append(axes)
    }
    self.operands = operands
    let known = Set(operands.joined())
    if let result {
      guard Set(result).count == result.count, Set(result).isSubset(of: known) else { return nil }
    }
  }

  var operandCount: Int { operands.count }

  /// The axes of every operand and of the result for operands of the given ranks; nil if an operand has too few or
  /// too many axes.
  ///
  /// The axes of ellipses are counted from the last one, with negative numbers, so that they broadcast.
  func axes(ranks: [Int]) -> (operands: [[Int]], result: [Int])? {
    var expanded: [[Int]] = []
    var ellipsisRank = 0
    for (axes, rank) in zip(operands, ranks) {
      let hasEllipsis = axes.contains(nil)
      let count = rank - axes.count(where: { $0 != nil })
      guard hasEllipsis ? count >= 0 : count == 0 else { return nil }
      ellipsisRank = max(ellipsisRank, count)
      expanded.append(Self.expanded(axes, ellipsisRank: count))
    }
    if let result { return (expanded, Self.expanded(result, ellipsisRank: ellipsisRank)) }
    // Without a result side: the ellipsis, then the letters that appear once.
    let letters = expanded.joined().filter { $0 >= 0 }
    let single = Set(letters).filter { letter in letters.count(where: { $0 == letter }) == 1 }.sorted()
    return (expanded, Self.expanded([nil] + single, ellipsisRank: ellipsisRank))
  }

  private static func expanded(_ axes: [Int?], ellipsisRank: Int) -> [Int] {
    axes.flatMap { $0.map { [$0] } ?? Array((0..<ellipsisRank).map { $0 - ellipsisRank }) }
  }

  /// Letters and at most one ellipsis.
  private static func axes(_ text: Substring) -> [Int?]? {
    var axes: [Int?] = []
    var rest = text.unicodeScalars[...]
    while let first = rest.first {
      if rest.starts(with: "...".unicodeScalars) {
        guard !axes.contains(nil) else { return nil }
        axes.append(nil)
        rest = rest.dropFirst(3)
      } else {
        guard ("a"..."z").contains(first) || ("A"..."Z").contains(first) else { return nil }
        axes.append(Int(first.value))
        rest = rest.dropFirst()
      }
    }
    return axes
  }
}
