public import ArgumentParser
import CommandSupport
public import Momos

/// Whether and how matrices are tested for parts and for weights that training left alone.
struct DecompositionFlags: ParsableArguments {
  @Flag(
    help: """
      Split matrices into the independent parts that training left, and set blocks to zero that a test cannot tell from \
      their initialisation.
      """)
  var decompose = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Level of the tests of --decompose, above 0, below 1. (default: 0.01)", valueName: "A")
  )
  var alpha: Double?

  @Option(
    help: ArgumentHelp(
      """
      How weights were drawn before training: kaiming-uniform, kaiming-normal, xavier-uniform, xavier-normal or \
      normal:SIGMA; estimated from the weights without.
      """, valueName: "RULE"))
  var initialization: InitializationRule?

  @Option(
    help: ArgumentHelp(
      "Weights before training, to measure how they were drawn; may be repeated.", valueName: "SOURCE"))
  var initialWeights: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      The most that the outputs may lose through the zeros of one tensor (1 - cosine), where --calibration gives \
      samples. (default: 0.001)
      """, valueName: "L"))
  var maxLoss: Double?

  @Option(
    help: ArgumentHelp(
      """
      What decides which blocks become zero: statistical, weights that may be as they were drawn; or perturbation, weights \
      without which the outputs lose no more than through such weights, on the inputs that --calibration gives. \
      (default: statistical)
      """, valueName: "RULE"))
  var annealing: AnnealingRule?

  func validate() throws {
    let given = [
      alpha.map { _ in "--alpha" }, initialization.map { _ in "--initialization" },
      initialWeights.first.map { _ in "--initial-weights" }, maxLoss.map { _ in "--max-loss" },
      annealing.map { _ in "--annealing" },
    ].compactMap { $0 }
    if !decompose, let option = given.first { throw ValidationError("\(option) needs --decompose") }
    guard initialization == nil || initialWeights.isEmpty else {
      throw ValidationError("--initialization and --initial-weights exclude each other")
    }
  }

  var options: DecompositionOptions? {
    guard decompose else { return nil }
    var options = DecompositionOptions()
    if let alpha { options.level = alpha }
    options.initialization = initialization
    options.initialWeights = initialWeights
    if let maxLoss { options.maximumLoss = maxLoss }
    if let annealing { options.annealing = annealing }
    return options
  }
}

extension InitializationRule: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension AnnealingRule: ExpressibleByArgument {}
