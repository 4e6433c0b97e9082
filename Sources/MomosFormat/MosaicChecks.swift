import MomosModel

/// The M rules of the `open` door, for one tensor.
struct MosaicChecks {
  let record: TensorRecord
  let elementType: ElementType
  let shape: Shape
  let place: String

  func entry(references: inout ReferenceTable) throws(FormatError) -> MosaicEntry {
    guard elementType.isFloatingPoint, shape.elementCount > 0 else {
      throw FormatError(
        .m01, at: place, expected: "f16, bf16, f32 or f64 and at least one element",
        found: "\(elementType.name) \(shape)")
    }
    guard let blocking = Blocking(rawValue: Int(record.blocking ?? 0)) else {
      throw FormatError(.h03, at: place, expected: "a known blocking", found: "\(record.blocking ?? 0)")
    }
    guard let composition = Composition(rawValue: Int(record.composition ?? 0)) else {
      throw FormatError(
        .h03, at: place, expected: "a known composition", found: "\(record.composition ?? 0)")
    }
    let view = try matrixView()
    let matrix = try matrixShape(view, blocking)
    guard (1...FormatLimits.maximumPartCount).contains(record.parts.count) else {
      throw FormatError(
        .m04, at: place, expected: "1 to \(FormatLimits.maximumPartCount) parts",
        found: "\(record.parts.count)")
    }
    try checkRestrictions(blocking, composition)
    var parts: [PartEntry] = []
    for (position, part) in record.parts.enumerated() {
      let checks = PartChecks(
        record: part, matrix: matrix, place: "\(place), part \(position + 1)", blocking: blocking,
        copiedElementType: composition == .copy ? elementType : nil)
      parts.append(try checks.entry(references: &references))
    }
    let outlierSection = try outlierSection(matrix, &references)
    return MosaicEntry(
      view: view, blocking: blocking, composition: composition, matrixShape: matrix, parts: parts,
      outlierCount: outlierSection == nil ? 0 : Int(record.outlierCount ?? 0), outlierSection: outlierSection)
  }

  /// M-02.
  private func matrixView() throws(FormatError) -> MatrixView {
    let identity = Array(0..<shape.rank)
    let permutation = record.permutation.isEmpty ? identity : record.permutation.map { Int($0) }
    guard permutation.sorted() == identity else {
      throw FormatError(
        .m02, at: place, expected: "a permutation of \(shape.rank) axes", found: "\(record.permutation)")
    }
    let rowAxes = Int(record.rowAxes ?? 0)
    guard rowAxes <= shape.rank else {
      throw FormatError(.m02, at: place, expected: "at most \(shape.rank) row axes", found: "\(rowAxes)")
    }
    return MatrixView(permutation: permutation, rowAxes: rowAxes)
  }

  /// M-03.
  private func matrixShape(_ view: MatrixView, _ blocking: Blocking) throws(FormatError) -> Shape {
    let matrix =
      blocking == .flat ? Shape(rows: 1, columns: shape.elementCount) : view.matrixShape(of: shape)
    guard max(matrix[0], matrix[1]) <= FormatLimits.maximumMatrixExtent else {
      throw FormatError(
        .m03, at: place, expected: "at most \(FormatLimits.maximumMatrixExtent) rows and columns",
        found: "\(matrix)")
    }
    return matrix
  }

  /// M-08 and M-09, but for what concerns the dictionaries (`PartChecks`).
  private func checkRestrictions(_ blocking: Blocking, _ composition: Composition) throws(FormatError) {
    if blocking == .flat {
      guard record.permutation.isEmpty, record.rowAxes ?? 0 == 0 else {
        throw FormatError(
          .m08, at: place, expected: "no permutation and no row axes with flat blocking", found: "some")
      }
      try checkSinglePart(.m08, "flat blocking")
    }
    if composition == .copy {
      try checkSinglePart(.m09, "composition COPY")
      guard record.parts[0].stages.count == 1 else {
        throw FormatError(
          .m09, at: place, expected: "one stage with composition COPY",
          found: "\(record.parts[0].stages.count)")
      }
    }
  }

  private func checkSinglePart(_ rule: FormatRule, _ condition: String) throws(FormatError) {
    let part = record.parts[0]
    var found: String?
    if record.parts.count != 1 { found = "\(record.parts.count) parts" }
    if part.rowsSection ?? 0 != 0 || part.rowCount ?? 0 != 0 { found = found ?? "a row list" }
    if part.columnsSection ?? 0 != 0 || part.columnCount ?? 0 != 0 { found = found ?? "a column list" }
    if part.rowScaleSection ?? 0 != 0 { found = found ?? "a row scale" }
    if record.outlierSection ?? 0 != 0 || record.outlierCount ?? 0 != 0 { found = found ?? "outliers" }
    guard let found else { return }
    throw FormatError(
      rule, at: place, expected: "one part without lists and row scale, and no outliers, with \(condition)",
      found: found)
  }

  /// M-16.
  private func outlierSection(
    _ matrix: Shape, _ references: inout ReferenceTable
  ) throws(FormatError) -> SectionEntry? {
    let section = try references.section(record.outlierSection, at: "\(place), outliers")
    let count = record.outlierCount ?? 0
    let byteCount = OutlierCoding.byteCount(matrix: matrix)
    let (expected, overflow) = count.multipliedReportingOverflow(by: UInt64(byteCount))
    guard !overflow, UInt64(section?.rawByteCount ?? 0) == expected else {
      throw FormatError(
        .m16, at: "\(place), outliers", expected: "a section of \(byteCount) raw bytes for each of \(count)",
        found: section.map { "one of \($0.rawByteCount)" } ?? "none")
    }
    return section
  }
}
