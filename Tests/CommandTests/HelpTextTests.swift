import FoundationEssentials
import MomosTestSupport
import Testing

/// Help texts are what `fixtures/commands/help` holds, so that a change is seen and read. To renew one:
/// `COLUMNS=80 momos-run --help > fixtures/commands/help/momos-run.txt`.
struct HelpTextTests {
  @Test(arguments: Command.all.map(\.name))
  func helpIsTheSnapshot(name: String) throws {
    let result = try Command(name: name)(["--help"], environment: ["COLUMNS": "80"])
    result.expectSuccess()
    let snapshot = "\(Fixtures.path)/commands/help/\(name).txt"
    let expected = try String(contentsOf: URL(filePath: snapshot), encoding: .utf8)
    #expect(result.standardOutput == expected, "\(difference(from: expected, to: result.standardOutput))")
  }

  @Test(arguments: Command.all.map(\.name))
  func linesFitTheTerminal(name: String) throws {
    let result = try Command(name: name)(["--help"], environment: ["COLUMNS": "80"])
    for line in result.standardOutput.split(separator: "\n") { #expect(line.count <= 80) }
  }

  /// Lines that only one of two texts has, in order, each after - or +.
  private func difference(from old: String, to new: String) -> String {
    let (old, new) = (old.split(separator: "\n"), new.split(separator: "\n"))
    let changes = new.difference(from: old).map { change in
      switch change {
      case .remove(let offset, let line, _): (offset, "-\(offset + 1) \(line)")
      case .insert(let offset, let line, _): (offset, "+\(offset + 1) \(line)")
      }
    }
    return changes.sorted { $0.0 < $1.0 }.map(\.1).joined(separator: "\n")
  }
}
