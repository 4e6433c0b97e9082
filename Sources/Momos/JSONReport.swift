import FoundationEssentials

/// A result that commands print: as text for people, as JSON for programs.
public protocol Report: Encodable {
  /// Lines for a terminal, without a final line end.
  var text: String { get }
}

extension Report {
  /// The report as JSON with sorted keys; numbers that JSON lacks (infinities, NaN) are strings.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    encoder.keyEncodingStrategy = .convertToSnakeCase
    guard let data = try? encoder.encode(self) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
  }
}
