import ArgumentParser
import CommandSupport
import Momos

@main
struct InspectCommand: MomosCommand {
  static let configuration = CommandConfiguration(
    commandName: "momos-inspect",
    abstract: "Show what a .momos file holds, check it, and extract tensors.",
    usage: """
      momos-inspect FILE.momos [options]
      momos-inspect SOURCE --complexity [--json]
      """,
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

  @Flag(help: "With --decomposition, measure how much faster parts are multiplied by than the whole.")
  var speed = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Threads of --speed; 0 takes one for each processor.", valueName: "N"))
  var threads = 0

  @Option(
    help: ArgumentHelp(
      "Draw the sizes of a mosaic's weights, in their order and by parts; may be repeated.",
      valueName: "NAME=FILE.svg"))
  var picture: [NamedFile] = []

  @Flag(help: "Load everything: check every digest, index and value.")
  var check = false

  @Option(
    help: ArgumentHelp(
      "Write a tensor as a dense .npy file, or all of them to FILE.npz or FILE.safetensors; may be repeated.",
      valueName: "NAME=FILE.npy"))
  var extract: [Extraction] = []

  @Flag(
    help: """
      Measure how complex the weights are, of a .momos file or any source: description length, compression rates of \
      weights and signs (zlib, zstd), BDM of the signs, sparsity, norm.
      """)
  var complexity = false

  @Option(
    name: .customLong("report"),
    help: ArgumentHelp(
      "Draw bits, errors, motifs and mosaics on a page; needs the Python package momos.",
      valueName: "FILE.html"))
  var page: String?

  @Flag(help: "Print the report as JSON.")
  var json = false

  @Flag(help: "Replace existing files of --extract, --picture and --report.")
  var force = false

  func validate() throws {
    let others = tensors || graph || check || force || decomposition
    guard !complexity || !others && extract.isEmpty && picture.isEmpty else {
      throw ValidationError("--complexity goes with --json only")
    }
    guard !graph || !decomposition else {
      throw ValidationError("--graph and --decomposition exclude each other")
    }
    guard decomposition || !speed else { throw ValidationError("--speed needs --decomposition") }
    guard speed || threads == 0 else { throw ValidationError("--threads needs --speed") }
    guard (0...1024).contains(threads) else { throw ValidationError("--threads must be 0 to 1024") }
  }

  func run() throws(MomosError) {
    if complexity {
      guard page == nil else { throw MomosError(.usage, "--complexity goes with --json only") }
      let report = try Complexity(path: file).report()
      return try printResult(json ? report.json : report.text)
    }
    let inspection = try Inspection(path: file)
    try inspection.checkOutputs(
      extract.map(\.path) + picture.map(\.path) + [page].compactMap { $0 }, overwrites: force)
    try inspection.extract(
      extract.compactMap { extraction in
        if case .tensor(let file) = extraction { (file.name, file.path) } else { nil }
      }, overwrites: force)
    for case .all(let path) in extract { _ = try Export(file, to: path, overwrites: force).run() }
    try inspection.draw(picture.map { ($0.name, $0.path) }, overwrites: force)
    if let page {
      var drawing = ReportPage(file: file)
      drawing.overwrites = force
      try drawing.write(to: page)
    }
    if decomposition {
      let report = try inspection.decomposition(speedThreadCount: speed ? threads : nil)
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

/// What --extract writes.
enum Extraction: ExpressibleByArgument {
  case tensor(NamedFile)
  /// All tensors, to this file.
  case all(path: String)

  var path: String {
    switch self {
    case .tensor(let file): file.path
    case .all(let path): path
    }
  }

  init?(argument: String) {
    if let file = NamedFile(argument: argument) {
      self = .tensor(file)
    } else if let format = Export.Format(path: argument), format != .onnx {
      self = .all(path: argument)
    } else {
      return nil
    }
  }
}
