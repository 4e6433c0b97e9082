public import ArgumentParser
import CommandSupport
public import Momos

@main
struct ConvertCommand: MomosCommand {
  static let configuration = CommandConfiguration(
    commandName: "momos-convert",
    abstract: "Convert weights into a .momos file of motifs and mosaics.",
    usage: "momos-convert SOURCE ... -o FILE.momos [options]",
    discussion: """
      A SOURCE is an ONNX model, a safetensors file or the .json index of several, an .npy file, an .npz archive, a \
      folder of .npy files, NAME=FILE.npy, or raw little-endian data as NAME=FILE:TYPE[ROWS,COLUMNS] with type f16, \
      bf16, f32 or f64. An ONNX model brings its graph; nodes that depend on weights alone are computed beforehand.

      Matrices are cut into blocks of weights that follow each other along the input dimension. Each block becomes \
      the number of a motif that stands for it. Without options a weight takes at most 4 bits, more in tensors where \
      errors matter, fewer in others; samples of the inputs, with --calibration, tell these much better than the graph \
      alone. Tensors of few distinct blocks are stored without loss, everything that is not a matrix dense, which \
      means as it is.

      A .momos file as the only SOURCE goes the other way: its tensors, mosaics reconstructed, are written to FILE.npz or \
      FILE.safetensors, with its graph to FILE.onnx.

      Exit codes: 0 done, \(failureCodes)
      """,
    version: momosVersion)

  @Argument(help: ArgumentHelp("Files and folders with weights.", valueName: "SOURCE"))
  var source: [String]

  @Option(
    name: [.short, .customLong("output")], help: ArgumentHelp("The file to write.", valueName: "FILE.momos"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The network's graph, instead of an ONNX model's; it is stored, and decides which tensors become mosaics.",
      valueName: "GRAPH.json")
  )
  var graph: String?

  @OptionGroup var fit: FitFlags

  @OptionGroup var decomposition: DecompositionFlags

  @Option(
    help: ArgumentHelp("Keep tensors dense whose whole name matches; may be repeated.", valueName: "REGEX"))
  var dense: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Samples of the graph's inputs, to fit what they need: FILE.npz with all inputs of one execution, a folder of \
      such files, NAME=FILE.npy for every input with samples along the first axis, or a saved calibration; may be \
      repeated.
      """,
      valueName: "SAMPLES"))
  var calibration: [String] = []

  @Option(help: ArgumentHelp("Save what was found on the samples, to be used again.", valueName: "FILE.npz"))
  var saveCalibration: String?

  @Option(
    help: ArgumentHelp(
      "The input dimension of matrices, where no graph decides it: last for [out, in], first for [in, out].",
      valueName: "AXIS"))
  var inputAxis = ConversionOptions.InputAxis.last

  @Flag(help: "Keep tensors with NaN or infinity dense instead of refusing them.")
  var allowNonfinite = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads; 0 takes one for each processor. The file does not depend on them.", valueName: "N"))
  var threads = 0

  @Flag(help: "Do not compress the file further with zstd.")
  var noZstd = false

  @Flag(help: "Show what would be written, and how many bytes, without writing.")
  var dryRun = false

  @Flag(help: "Print the report as JSON.")
  var json = false

  @Flag(help: "Replace an existing output, and drop what an interrupted conversion left.")
  var force = false

  @Flag(
    help: ArgumentHelp(
      """
      Continue an interrupted conversion of the same inputs with the same options, from the folder FILE.momos.partial.
      """))
  var resume = false

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func validate() throws {
    guard dryRun || output != nil else { throw ValidationError("-o FILE.momos is missing") }
    guard !dryRun || !resume else { throw ValidationError("--dry-run and --resume exclude each other") }
    guard fit.targetCosine == nil || !calibration.isEmpty else {
      throw ValidationError("--target-cosine needs --calibration")
    }
    guard (0...1024).contains(threads) else { throw ValidationError("--threads must be 0 to 1024") }
  }

  func run() throws(MomosError) {
    let options = try options()
    if options.isExport { return try export(options) }
    let conversion = try Conversion(options)
    let calibrating = ProgressLine("calibrating", isQuiet: quiet || calibration.isEmpty)
    defer { calibrating.finish() }
    let plan = try conversion.plan { calibrating.update($0) }
    calibrating.finish()
    if dryRun { return try printReport(conversion.preview(plan)) }
    let progress = ProgressLine("converting", isQuiet: quiet)
    defer { progress.finish() }
    let report = try conversion.run(plan) { progress.update($0) }
    progress.finish()
    try printReport(report)
  }

  private func export(_ options: ConversionOptions) throws(MomosError) {
    guard !dryRun else { throw MomosError(.usage, "--dry-run needs a source that is not a .momos file") }
    let export = try Export(options)
    let progress = ProgressLine("exporting", isQuiet: quiet)
    defer { progress.finish() }
    let report = try export.run { progress.update($0) }
    progress.finish()
    if !quiet { try printResult(json ? report.json : report.text) }
  }

  private func printReport(_ report: ConversionReport) throws(MomosError) {
    if quiet { return }
    try printResult(json ? report.json : defaultsLine + report.text)
  }

  /// What was chosen where the user chose nothing.
  private var defaultsLine: String {
    guard fit.choice.areDefaults else { return "" }
    return
      "at most \(Int(FitChoice.defaultBits)) bits per weight (the default; --bits asks for another number)\n\n"
  }

  private func options() throws(MomosError) -> ConversionOptions {
    var options = ConversionOptions(sources: source, output: output)
    options.graph = graph
    options.fit = try fit.choice.options()
    options.fit.allowsNonfinite = allowNonfinite
    options.plan = fit.plan
    options.savedPlan = fit.savePlan
    options.decomposition = decomposition.options
    options.densePatterns = dense
    options.calibration = calibration
    options.savedCalibration = saveCalibration
    options.inputAxis = inputAxis
    options.compresses = !noZstd
    options.overwrites = force
    options.resumes = resume
    options.threadCount = threads
    return options
  }
}

extension ConversionOptions.InputAxis: ExpressibleByArgument {}
