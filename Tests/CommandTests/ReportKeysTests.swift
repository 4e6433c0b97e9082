import FoundationEssentials
import MomosTestSupport
import Testing

/// docs/reports.md names every key that a report in JSON has.
struct ReportKeysTests {
  private func documented() throws -> Set<String> {
    let text = try String(contentsOf: URL(filePath: Fixtures.path + "/../docs/reports.md"), encoding: .utf8)
    // Every other piece lies between back quotes.
    return Set(text.split(separator: "`", omittingEmptySubsequences: false).map(String.init))
  }

  /// One key stands at the start of a line of the report.
  private func keys(of report: String) -> Set<String> {
    Set(
      report.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
        let isKey = parts.count == 3 && parts[0].allSatisfy { $0 == " " } && parts[2].hasPrefix(" :")
        return isKey ? String(parts[1]) : nil
      })
  }

  @Test func everyKeyIsDocumented() throws {
    let folder = try TestFolder()
    let conversion = [Digits.weights, "--graph", Digits.graph, "--json", "--bits", "2"]
    let calibration = ["--calibration", "images=" + Digits.folder + "/train_images.npy"]
    let inputs = ["--input", Digits.imagesInput]
    let reports = try [
      Command.convert(conversion + ["-o", "a.momos"], in: folder),
      Command.convert(conversion + calibration + ["--effort", "max", "-o", "b.momos"], in: folder),
      Command.convert(conversion + calibration + ["--decompose", "-o", "c.momos"], in: folder),
      Command.convert(["a.momos", "-o", "a.npz", "--json"], in: folder),
      Command.inspect(["b.momos", "--json"], in: folder),
      Command.inspect(["c.momos", "--decomposition", "--json"], in: folder),
      Command.inspect(["b.momos", "--complexity", "--json"], in: folder),
      Command.run(
        ["b.momos", "--bench", "--repeat", "3", "--against", "dense", "--json"] + inputs, in: folder),
      Command.verify(
        [Digits.weights, "b.momos", "--labels", Digits.labels, "--json"] + inputs, in: folder),
    ]
    var printed: Set<String> = []
    for report in reports {
      report.expectSuccess()
      printed.formUnion(keys(of: report.standardOutput))
    }
    #expect(printed.count > 100)
    #expect(try printed.subtracting(documented()) == [])
  }
}
