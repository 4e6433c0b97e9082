import ArgumentParser
import CommandSupport
import Momos

@main
struct RunCommand: MomosCommand {
  static let configuration = CommandConfiguration(
    commandName: "momos-run",
    abstract: "Execute a .momos file directly from its mosaics.",
    usage: """
      momos-run FILE.momos --input NAME=FILE --output NAME=FILE [options]
      momos-run FILE.momos --tensor NAME --input FILE --output FILE [options]
      """,
    discussion: """
      The first form executes the stored graph; --input and --output may be repeated. The second multiplies by one \
      tensor, y = W x for x [batch, columns], for weights without a graph. Where f32 is expected, types that f32 \
      holds exactly are taken too.

      Exit codes: 0 done, \(failureCodes)
      """,
    version: momosVersion)

  @Argument(help: ArgumentHelp("The file.", valueName: "FILE.momos"))
  var file: String

  @Option(help: ArgumentHelp("Multiply by this tensor instead of executing the graph.", valueName: "NAME"))
  var tensor: String?

  @Option(
    help: ArgumentHelp("Values of a graph input; with --tensor only the file.", valueName: "NAME=FILE.npy"))
  var input: [String] = []

  @Option(
    help: ArgumentHelp("File for a graph output; with --tensor only the file.", valueName: "NAME=FILE.npy"))
  var output: [String] = []

  @Flag(help: "Measure N runs after a warm-up: median, 95th percentile, resident memory.")
  var bench = false

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Runs that --bench measures. (default: 50)", valueName: "N"))
  var `repeat`: Int?

  @Option(
    help: ArgumentHelp(
      "With --bench, measure dense weights in turn, layer by layer, and name the layers better left dense.",
      valueName: "dense"))
  var against: Contender?

  @Flag(help: "Print the report of --bench as JSON.")
  var json = false

  @Flag(help: "Replace existing outputs.")
  var force = false

  @OptionGroup var session: SessionFlags

  func validate() throws {
    guard bench || !output.isEmpty else { throw ValidationError("--output is missing") }
    guard against == nil || (bench && tensor == nil) else {
      throw ValidationError("--against dense needs --bench and a graph")
    }
    guard bench || !json else { throw ValidationError("--json needs --bench") }
    guard bench || self.repeat == nil else { throw ValidationError("--repeat needs --bench") }
    guard (1...1_000_000).contains(runCount) else {
      throw ValidationError("--repeat must be 1 to 1000000")
    }
    if tensor != nil {
      guard input.count == 1, output.count <= 1 else {
        throw ValidationError("--tensor takes one --input FILE.npy and one --output FILE.npy")
      }
    } else {
      _ = try paths(input, option: "--input")
      _ = try paths(output, option: "--output")
    }
  }

  func run() throws {
    let inputs = tensor == nil ? try paths(input, option: "--input") : ["": input[0]]
    let outputs = tensor == nil ? try paths(output, option: "--output") : output.first.map { ["": $0] } ?? [:]
    let run = try Run(
      file: file, tensor: tensor, inputs: inputs, outputs: outputs, overwrites: force,
      isMeasuredAgainstDense: against == .dense, options: session.options)
    try run.writeOutputs()
    guard bench else { return }
    let report = try run.measure(repeating: runCount)
    try printResult(json ? report.json : report.text)
  }

  private var runCount: Int { self.repeat ?? 50 }

  private func paths(_ arguments: [String], option: String) throws -> [String: String] {
    let files = try arguments.map { argument in
      guard let file = NamedFile(argument: argument) else {
        throw ValidationError("\(option) '\(argument)' is not NAME=FILE.npy")
      }
      return file
    }
    return try NamedFile.paths(files, option: option)
  }
}

/// What a file's execution is measured against.
enum Contender: String, ExpressibleByArgument, CaseIterable {
  case dense
}
