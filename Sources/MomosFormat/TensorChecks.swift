import MomosModel

/// Turns tensor records into entries: rules H-03 to H-06, T-01 to T-05, and M (`MosaicChecks`).
struct TensorChecks {
  var references: ReferenceTable
  private(set) var entries: [TensorEntry] = []
  /// Tensor numbers by the bytes of their names: names that differ only in Unicode normalisation differ.
  private(set) var numbersByName: [[UInt8]: Int] = [:]
  /// Tensors in the whole header; those appended so far where it is still being written.
  private var tensorCount: Int { max(announcedCount, entries.count) }
  private let announcedCount: Int

  init(references: ReferenceTable, tensorCount: Int) {
    self.references = references
    self.announcedCount = tensorCount
    entries.reserveCapacity(tensorCount)
    numbersByName.reserveCapacity(tensorCount)
  }

  mutating func append(_ record: TensorRecord) throws(FormatError) {
    let number = entries.count + 1
    let name = try Text.name(record.name, rule: .h04, at: "name of tensor \(number)", mayBeEmpty: false)
    let place = "tensor \(quoted(name))"
    if let earlier = numbersByName.updateValue(number, forKey: Array(name.utf8)) {
      throw FormatError(
        .h05, at: place, expected: "unique names", found: "the same one for tensors \(earlier) and \(number)")
    }
    let elementType = try ElementType(checking: record.elementType, at: place)
    let kind = try Self.kind(record.kind, at: place)
    try Self.checkFields(record, of: kind, at: place)
    let shape = try Self.shape(record.dimensions, at: place)
    let form: TensorEntry.Form
    switch kind {
    case .dense: form = .dense(try dense(record, elementType, shape, at: place))
    case .alias: form = .alias(of: try aliasTarget(record, elementType, shape, number: number, at: place))
    case .mosaic:
      let checks = MosaicChecks(record: record, elementType: elementType, shape: shape, place: place)
      form = .mosaic(try checks.entry(references: &references))
    }
    entries.append(
      TensorEntry(number: number, name: name, elementType: elementType, shape: shape, form: form))
  }

  private static func kind(_ number: UInt32?, at place: String) throws(FormatError) -> TensorEntry.Kind {
    guard let kind = TensorEntry.Kind.allCases.first(where: { $0.number == number }) else {
      throw FormatError(
        .h03, at: place, expected: "a known tensor kind", found: number.map { "\($0)" } ?? "none")
    }
    return kind
  }

  /// H-03 and T-01; a field of another kind may say 0, which is "none" but for element types.
  private static func checkFields(
    _ record: TensorRecord, of kind: TensorEntry.Kind, at place: String
  ) throws(FormatError) {
    var foreign: [String] = []
    let storedElementType = try ElementType.optional(record.storedElementType, at: place)
    if kind != .dense {
      if record.section ?? 0 != 0 { foreign.append("section") }
      if storedElementType != nil { foreign.append("stored_element_type") }
    }
    if kind != .alias, record.aliasOf ?? 0 != 0 { foreign.append("alias_of") }
    if kind != .mosaic {
      if record.blocking ?? 0 != 0 { foreign.append("blocking") }
      if record.composition ?? 0 != 0 { foreign.append("composition") }
      if !record.permutation.isEmpty { foreign.append("permutation") }
      if record.rowAxes ?? 0 != 0 { foreign.append("row_axes") }
      if !record.parts.isEmpty { foreign.append("parts") }
      if record.outlierSection ?? 0 != 0 { foreign.append("outlier_section") }
      if record.outlierCount ?? 0 != 0 { foreign.append("outlier_count") }
    }
    guard let first = foreign.first else { return }
    throw FormatError(.t01, at: place, expected: "only fields of the kind \(kind)", found: first)
  }

  /// T-02.
  private static func shape(_ dimensions: [UInt64], at place: String) throws(FormatError) -> Shape {
    let limit = UInt64(FormatLimits.maximumElementCount)
    guard dimensions.count <= FormatLimits.maximumRank else {
      throw FormatError(
        .t02, at: place, expected: "at most \(FormatLimits.maximumRank) dimensions",
        found: "\(dimensions.count)")
    }
    if let shape = dimensions.allSatisfy({ $0 <= limit }) ? try? Shape(dimensions.map { Int($0) }) : nil {
      return shape
    }
    throw FormatError(
      .t02, at: place, expected: "at most 2^48 elements, zeros counted as ones",
      found: "the shape \(dimensions)")
  }

  /// T-03 and T-04.
  private mutating func dense(
    _ record: TensorRecord, _ elementType: ElementType, _ shape: Shape, at place: String
  ) throws(FormatError) -> DenseEntry {
    let stored = try ElementType.optional(record.storedElementType, at: place) ?? elementType
    guard stored == elementType || elementType.isWidened(from: stored) else {
      throw FormatError(
        .t04, at: place, expected: "a stored element type that widens exactly to \(elementType.name)",
        found: stored.name)
    }
    let section = try references.section(record.section, at: place)
    // At most 2^48 * 8.
    let byteCount = shape.elementCount * stored.byteCount
    guard section?.rawByteCount ?? 0 == byteCount else {
      throw FormatError(
        .t03, at: place,
        expected: byteCount == 0 ? "no section without elements" : "a section of \(byteCount) raw bytes",
        found: section.map { "one of \($0.rawByteCount)" } ?? "none")
    }
    return DenseEntry(storedElementType: stored, section: section)
  }

  /// H-06 and T-05.
  private func aliasTarget(
    _ record: TensorRecord, _ elementType: ElementType, _ shape: Shape, number: Int, at place: String
  ) throws(FormatError) -> String {
    guard let target = record.aliasOf, target != 0, target <= tensorCount else {
      throw FormatError(
        .h06, at: place, expected: "a tensor number from 1 to \(tensorCount)",
        found: record.aliasOf.map { "\($0)" } ?? "none")
    }
    guard target < number else {
      throw FormatError(
        .t05, at: place, expected: "an alias of a tensor before number \(number)", found: "\(target)")
    }
    let entry = entries[Int(target) - 1]
    guard entry.kind != .alias else {
      throw FormatError(
        .t05, at: place, expected: "an alias of a tensor that is not an alias", found: quoted(entry.name))
    }
    guard entry.elementType == elementType, entry.shape == shape else {
      throw FormatError(
        .t05, at: place, expected: "\(entry.elementType.name) \(entry.shape) as \(entry.place)",
        found: "\(elementType.name) \(shape)")
    }
    return entry.name
  }
}

extension ElementType {
  /// True if every value of `stored` is exactly a value of this wider type (T-04).
  func isWidened(from stored: ElementType) -> Bool {
    switch self {
    case .float32: stored == .float16 || stored == .bfloat16
    case .float64: stored == .float16 || stored == .bfloat16 || stored == .float32
    default: false
    }
  }
}
