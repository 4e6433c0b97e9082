import ArgumentParser
import CommandSupport
import Momos

@main
struct VerifyCommand: MomosCommand {
  static let configuration = CommandConfiguration(
    commandName: "momos-verify",
    abstract: "Compare a .momos file with its source, and its execution with its weights.",
    usage: "momos-verify [SOURCE...] FILE.momos [options]",
    discussion: """
      Every digest, index and value is checked. With a SOURCE, weights are compared with it; with inputs, outputs \
      are too. It fails where execution leaves its precision class, where an error exceeds the one that the \
      conversion recorded, and where the SOURCE is not the one that was converted.

      Thresholds apply to every output, or to every tensor without inputs. A threshold against the source accepts \
      another SOURCE.

      Exit codes: 0 verified, 1 failed, \(failureCodes)
      """,
    version: momosVersion)

  @Argument(
    help: ArgumentHelp("What the file was made from, then the file.", valueName: "SOURCE... FILE.momos"))
  var files: [String]

  @Option(help: ArgumentHelp("A graph that replaces the stored one.", valueName: "GRAPH.json"))
  var graph: String?

  @Option(help: ArgumentHelp("Values of a graph input; may be repeated.", valueName: "NAME=FILE.npy"))
  var input: [NamedFile] = []

  @Option(help: ArgumentHelp("The class of each sample, integers, for accuracy.", valueName: "FILE.npy"))
  var labels: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Least cosine with the source, -1 to 1.", valueName: "X"))
  var minCosine: Double?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Largest relative error against the source.", valueName: "X"))
  var maxRelativeError: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Least signal-to-noise ratio against the source, in dB.", valueName: "DB"))
  var minSnr: Double?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Least accuracy against the labels, 0 to 1.", valueName: "X"))
  var minAccuracy: Double?

  @Option(
    name: .customLong("report"),
    help: ArgumentHelp(
      "Draw bits, errors, motifs and mosaics on a page; needs the Python package momos.",
      valueName: "FILE.html"))
  var page: String?

  @Flag(help: "Replace an existing page of --report.")
  var force = false

  @Flag(help: "Print the report as JSON.")
  var json = false

  @OptionGroup var session: SessionFlags

  func validate() throws {
    do throws(MomosError) {
      try options(inputs: [:]).validate()
    } catch {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    let inputs = try NamedFile.paths(input, option: "--input")
    let verification = try Verification(options(inputs: inputs))
    if let page { try verification.checkOutput(page, overwrites: force) }
    let progress = ProgressLine("verifying")
    defer { progress.finish() }
    let report = try verification.run { progress.update($0) }
    progress.finish()
    try printResult(json ? report.json : report.text)
    if let page {
      var drawing = ReportPage(file: files[files.count - 1])
      drawing.sources = Array(files.dropLast())
      drawing.inputs = input
      drawing.overwrites = force
      try drawing.write(to: page)
    }
    guard report.hasPassed else { throw ExitCode(1) }
  }

  private func options(inputs: [String: String]) -> VerificationOptions {
    var options = VerificationOptions(file: files[files.count - 1])
    options.sources = Array(files.dropLast())
    options.graph = graph
    options.inputs = inputs
    options.labels = labels
    options.session = session.options
    options.minimumCosine = minCosine
    options.maximumRelativeError = maxRelativeError
    options.minimumSNR = minSnr
    options.minimumAccuracy = minAccuracy
    return options
  }
}
