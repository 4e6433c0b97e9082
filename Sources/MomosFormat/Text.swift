/// Checks the text of a header, which arrives as raw bytes.
enum Text {
  /// A name of tensors (H-04) or of the graph (G-01).
  static func name(
    _ bytes: [UInt8]?, rule: FormatRule, at place: String, mayBeEmpty: Bool
  ) throws(FormatError) -> String {
    try checked(
      bytes, rule: rule, at: place, limit: FormatLimits.maximumNameByteCount, mayBeEmpty: mayBeEmpty)
  }

  /// Text of the provenance (P-01).
  static func provenance(_ bytes: [UInt8]?, at place: String) throws(FormatError) -> String {
    try checked(
      bytes, rule: .p01, at: place, limit: FormatLimits.maximumProvenanceTextByteCount, mayBeEmpty: true)
  }

  private static func checked(
    _ bytes: [UInt8]?, rule: FormatRule, at place: String, limit: Int, mayBeEmpty: Bool
  ) throws(FormatError) -> String {
    let bytes = bytes ?? []
    guard bytes.count <= limit, mayBeEmpty || !bytes.isEmpty else {
      throw FormatError(
        rule, at: place, expected: "a text of \(mayBeEmpty ? 0 : 1) to \(limit) bytes",
        found: "\(bytes.count) bytes")
    }
    guard !bytes.contains(0) else {
      throw FormatError(rule, at: place, expected: "text without a zero byte", found: "one")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FormatError(rule, at: place, expected: "UTF-8", found: "other bytes")
    }
    return text
  }
}
