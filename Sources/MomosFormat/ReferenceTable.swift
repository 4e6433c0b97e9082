/// Looks up the sections and dictionaries that fields refer to, and counts the references (H-06, H-07).
struct ReferenceTable {
  private var sections: [SectionEntry] = []
  private var sectionUses: [UInt8] = []
  private(set) var dictionaries: [DictionaryEntry] = []
  private var dictionaryIsUsed: [Bool] = []

  mutating func append(_ section: SectionEntry) {
    sections.append(section)
    sectionUses.append(0)
  }

  mutating func append(_ dictionary: DictionaryEntry) {
    dictionaries.append(dictionary)
    dictionaryIsUsed.append(false)
  }

  /// The section that an optional field names; nil for "none".
  mutating func section(_ number: UInt32?, at place: String) throws(FormatError) -> SectionEntry? {
    guard let number, number != 0 else { return nil }
    guard number <= sections.count else {
      throw FormatError(
        .h06, at: place, expected: "a section number up to \(sections.count)", found: "\(number)")
    }
    let position = Int(number) - 1
    sectionUses[position] = min(sectionUses[position] + 1, 2)
    return sections[position]
  }

  /// The dictionary that a required field names.
  mutating func dictionary(_ number: UInt32?, at place: String) throws(FormatError) -> DictionaryEntry {
    guard let number, number != 0, number <= dictionaries.count else {
      throw FormatError(
        .h06, at: place, expected: "a dictionary number from 1 to \(dictionaries.count)",
        found: number.map { "\($0)" } ?? "none")
    }
    let position = Int(number) - 1
    dictionaryIsUsed[position] = true
    return dictionaries[position]
  }

  /// H-07, once every field was looked up.
  func checkUses() throws(FormatError) {
    if let position = sectionUses.firstIndex(where: { $0 != 1 }) {
      throw FormatError(
        .h07, at: "section \(position + 1)", expected: "exactly one field that refers to it",
        found: sectionUses[position] == 0 ? "none" : "several")
    }
    if let position = dictionaryIsUsed.firstIndex(of: false) {
      throw FormatError(
        .h07, at: "dictionary \(position + 1)", expected: "at least one stage that refers to it",
        found: "none")
    }
  }
}
