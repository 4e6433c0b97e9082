/// Columns of text, aligned; the first row is the heading.
struct TextTable {
  enum Alignment { case left, right }

  let alignments: [Alignment]
  private var rows: [[String]]

  init(_ columns: [(heading: String, alignment: Alignment)]) {
    alignments = columns.map(\.alignment)
    rows = [columns.map(\.heading)]
  }

  mutating func add(_ cells: [String]) {
    precondition(cells.count == alignments.count)
    rows.append(cells.map(\.printable))
  }

  var text: String {
    let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += (column == 0 ? "" : "  ") + (alignments[column] == .left ? cell + padding : padding + cell)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

extension String {
  /// The text with control characters escaped.
  public var printable: String {
    unicodeScalars.reduce(into: "") { text, scalar in text += scalar.printable }
  }
}

extension Double {
  /// The number with a fixed count of decimals, for tables; "inf", "-inf" and "nan" as they are.
  func text(decimals: Int) -> String {
    guard magnitude < 1e15 else { return description }
    let unit = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
    let scaled = (magnitude * unit).rounded()
    let whole = Int(scaled / unit)
    let fraction = String(Int(scaled - Double(whole) * unit))
    let sign = self < 0 && scaled > 0 ? "-" : ""
    if decimals == 0 { return sign + String(whole) }
    return sign + "\(whole)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  /// The number in short: three significant digits, with an exponent where it is very small or large.
  var shortText: String {
    guard isFinite, self != 0 else { return isFinite ? "0" : text(decimals: 0) }
    var exponent = 0
    var mantissa = magnitude
    while mantissa >= 9.995 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 0.9995 {
      mantissa *= 10
      exponent -= 1
    }
    if (-3...3).contains(exponent) { return text(decimals: max(0, 2 - exponent)) }
    return (self < 0 ? "-" : "") + mantissa.text(decimals: 2) + "e\(exponent)"
  }
}

extension Int {
  /// The number with thousands separated by commas.
  var grouped: String {
    var digits = Array(String(magnitude))
    var position = digits.count - 3
    while position > 0 {
      digits.insert(",", at: position)
      position -= 3
    }
    return (self < 0 ? "-" : "") + String(digits)
  }
}
