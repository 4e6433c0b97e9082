import MomosModel
import Testing

/// Names from files in messages.
struct PrintableScalarTests {
  /// The categories are those of the Unicode tables of the Swift standard library.
  @Test func controlCharactersAloneAreEscaped() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isControl = scalar.properties.generalCategory == .control
      #expect((scalar.printable != String(scalar)) == isControl, "U+\(String(value, radix: 16))")
    }
  }

  @Test(arguments: [
    ("\n", #"\n"#), ("\u{1B}", #"\u{1B}"#), ("\u{7F}", #"\u{7F}"#), ("\u{9B}", #"\u{009B}"#),
    ("\u{A0}", "\u{A0}"), ("é", "é"),
    ("\\", "\\"),
  ])
  func escapesAreThoseOfSwift(scalar: Unicode.Scalar, text: String) {
    #expect(scalar.printable == text)
  }
}
