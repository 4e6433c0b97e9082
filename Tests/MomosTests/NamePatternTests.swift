import Testing

@testable import Momos

/// What --dense means.
struct NamePatternTests {
  private static let names = [
    "", "a", "ab", "fc1.weight", "encoder.layer.11.output.dense.weight",
    "encoder.layer.2.output.LayerNorm.bias", "a-b", "a]b", "x.y",
    "x\ny", "éa", "3", "aaa", "a b",
  ]

  /// The numbers of the names that match are those of `re.fullmatch` of Python with re.DOTALL and re.ASCII.
  @Test(arguments: [
    (#".*Norm.*"#, [5]),
    (#".*"#, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]),
    (#".+"#, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]),
    (#"encoder\.layer\.\d+\..*"#, [4, 5]),
    (#"encoder\.layer\.[0-9]{1,2}\.output\.(dense|LayerNorm)\.(weight|bias)"#, [4, 5]),
    (#"fc[12].weight"#, [3]),
    (#"fc1\.weight|a-b"#, [3, 6]),
    (#"^fc1.weight$"#, [3]),
    (#"a{3}"#, [12]),
    (#"a{2,}"#, [12]),
    (#"a{1,2}"#, [1]),
    (#"(a*)*b?"#, [0, 1, 2, 12]),
    (#"(?:a|ab)(?:b|)"#, [1, 2]),
    (#"[^a-z]+"#, [11]),
    (#"[\w.]+"#, [1, 2, 3, 4, 5, 8, 11, 12]),
    (#"\W*|a.b"#, [0, 6, 7, 13]),
    (#"[]a]*b"#, [2, 7]),
    (#"[a-]+b?"#, [1, 2, 6, 12]),
    (#"a\]b"#, [7]),
    (#"x.y"#, [8, 9]),
    (#"x\sy"#, [9]),
    (#"(a|aa)+?"#, [1, 12]),
    (#"[^]]*"#, [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13]),
    (#"a{0}"#, [0]),
    (#"|a"#, [0, 1]),
    (#"\D\S*"#, [1, 2, 3, 4, 5, 6, 7, 8, 10, 12]),
  ])
  func wholeNamesMatch(pattern: String, expected: [Int]) throws {
    let compiled = try #require(NamePattern(pattern))
    #expect(Self.names.indices.filter { compiled.matches(Self.names[$0]) } == expected)
  }

  @Test(arguments: [
    #"("#, #")"#, #"a)"#, #"(a"#, #"["#, #"[a"#, #"[]"#, #"[z-a]"#, #"[a-\d]"#, #"*"#, #"+a"#,
    #"a**"#, #"a{"#, #"a{}"#, #"a{2,1}"#, #"a{1001}"#, #"a{,2}"#, #"{2}"#, #"\"#, #"a\"#, #"\1"#,
    #"\k"#, #"\p{L}"#, #"(?=a)"#, #"(?i)a"#, #"a^b"#, #"a$b"#, #"]"#, #"((a{100}){100}){100}"#,
  ])
  func whatIsNoPatternIsRefused(text: String) {
    #expect(NamePattern(text) == nil)
  }

  @Test func groupsNestTo50() {
    func nested(_ count: Int) -> String {
      String(repeating: "(", count: count) + "a" + String(repeating: ")", count: count)
    }
    #expect(NamePattern(nested(50))?.matches("a") == true)
    #expect(NamePattern(nested(51)) == nil)
    #expect(NamePattern(nested(1_000_000)) == nil)
  }

  @Test func alternativesAndRepetitionsCostNoMoreThanTheirLength() throws {
    let alternatives = try #require(NamePattern(String(repeating: "a|", count: 1500) + "b"))
    #expect(alternatives.matches("b") && !alternatives.matches("c"))
    #expect(NamePattern(String(repeating: "a|", count: 1_000_000)) == nil)
    // Trying every way to split the name would not end.
    let pattern = try #require(NamePattern("(a*)*(a*)*(a+)+(a|aa)*b"))
    #expect(!pattern.matches(String(repeating: "a", count: 2000)))
  }
}
