import ArgumentParser
import CommandSupport
import Momos

@main
struct InspectCommand: MomosCommand {
  static let configuration = CommandConfiguration(
    commandName: "momos-inspect",
    abstract: "Show what a .momos file holds, check it, and extract tensors.",
    usage: "momos-inspect FILE.momos [options]",
    discussion: "Exit codes: 0 done, \(failureCodes)",
    version: momosVersion)

  @Argument(help: ArgumentHelp("The file.", valueName: "FILE.momos"))
  var file: String

  @Flag(help: "List every tensor and dictionary.")
  var tensors = false

  @Flag(help: "Print the stored graph as JSON, and nothing else.")
  var graph = false

  @Flag(help: "Show the parts of every mosaic and the share of its zero blocks, and nothing else.")
  var decomposition = false

  @Flag(help: "Load everything: check every digest, index and value.")
  var check = false

  @Option(
    help: ArgumentHelp(
      "Write a tensor as a dense .npy file; may be repeated.", valueName: "NAME=FILE.npy"))
  var extract: [NamedFile] = []

  @Flag(help: "Print the report as JSON.")
  var json = false

  @Flag(help: "Replace existing files of --extract.")
  var force = false

  func run() throws(MomosError) {
    let inspection = try Inspection(path: file)
    try inspection.extract(extract.map { ($0.name, $0.path) }, overwrites: force)
    if decomposition {
      let report = try inspection.decomposition()
      return try printResult(json ? report.json : report.text)
    }
    let report = try inspection.report(checksAll: check)
    if graph {
      guard let text = inspection.graphJSON else { throw MomosError(.badData, "'\(file)' has no graph") }
      return try printResult(String(text.dropLast()))
    }
    if json { return try printResult(report.json) }
    try printResult(tensors ? report.text + "\n\n" + report.tensorText : report.text)
  }
}
