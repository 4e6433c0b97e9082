import MomosModel
import Testing

@testable import MomosInterchange

struct JSONParserTests {
  private func refused(_ text: [UInt8]) -> InterchangeError? {
    refusal { () throws(InterchangeError) in try JSONParser.parse(text) }
  }

  @Test(arguments: [
    ("null", "null"), (" true ", "true"), ("\tfalse\r\n", "false"), ("[]", "[]"), ("{ }", "{}"),
    ("[ 1 ,[ ] , -0.5e+10,0,-0,12E3 ]", "[1, [], -0.5e+10, 0, -0, 12E3]"),
    (#"{"b":"x","a":[null]}"#, #"{"b": "x", "a": [null]}"#),
    (#""\"\\\/\b\f\n\r\t\u0000\u00e9\uD83D\uDE42""#, "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0000é🙂\""),
  ])
  func valuesAreReadAndRendered(_ text: String, _ rendered: String) throws {
    #expect(try JSONParser.parse(Array(text.utf8)).rendered() == rendered)
  }

  /// Texts that RFC 8259 does not allow, and the column of the first character that is wrong.
  @Test(arguments: [
    ("", 1), ("{", 2), ("[1", 3), ("[1 2]", 4), ("[1,]", 4), (#"{"a":1,}"#, 8), ("{a:1}", 2),
    (#"{"a" 1}"#, 6),
    ("1 2", 3), ("nul", 1), ("'a'", 1), ("01", 2), ("1.", 3), (".5", 1), ("+1", 1), ("-", 2), ("1e", 3),
    ("NaN", 1), ("\"a", 3), ("\"a\tb\"", 3), (#""\x41""#, 2), (#""\u12"#, 2), (#""\u+123""#, 2),
    (#""\ud800""#, 8), (#""\ud800\u0041""#, 2), (#""\udc00""#, 2), ("\u{FEFF}1", 1), ("// 1", 1),
  ])
  func otherTextIsRefused(_ text: String, _ column: Int) throws {
    let error = try #require(refused(Array(text.utf8)))
    #expect(error.rule == .jsonSyntax)
    #expect(error.place == "line 1, column \(column)")
    #expect(!error.description.contains("\n"))
  }

  @Test func placeIsLineAndColumn() throws {
    let error = try #require(refused(Array("{\n  \"a\": [1,\n    oops]\n}".utf8)))
    #expect(error.description == "line 3, column 5: expected a value, found 'oops]'")
  }

  @Test func repeatedKeyIsRefused() throws {
    let error = try #require(refused(Array(#"{"a": 1, "b": 2, "a": 3}"#.utf8)))
    #expect(error.rule == .jsonRepeatedKey)
    #expect(error.place == "line 1, column 18")
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    #expect(refused([0x22, 0xFF, 0x22])?.rule == .jsonSyntax)
    #expect(refused([0x22, 0xED, 0xA0, 0x80, 0x22])?.rule == .jsonSyntax)
  }

  @Test func depthIsLimited() throws {
    let limit = JSONParser.maximumDepth
    func nested(_ depth: Int) -> [UInt8] {
      [UInt8](repeating: UInt8(ascii: "["), count: depth)
        + [UInt8](repeating: UInt8(ascii: "]"), count: depth)
    }
    _ = try JSONParser.parse(nested(limit))
    #expect(refused(nested(limit + 1))?.rule == .jsonSyntax)
    #expect(refused(nested(1_000_000))?.rule == .jsonSyntax)
  }

  @Test func everyTruncationAndFlippedByteThrowsOrReads() {
    let text = Array(GraphJSONTests.document.utf8)
    for count in 0..<text.count - 2 { #expect(refused(Array(text[..<count])) != nil, "\(count) bytes") }
    for position in text.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = text
        damaged[position] ^= mask
        _ = refusal { () throws(InterchangeError) in try GraphJSON.decode(Bytes(damaged)) }
      }
    }
  }
}
