public import ArgumentParser
import CommandSupport
public import Momos

/// How much a fit may cost, as a goal or in numbers of blocks and motifs.
struct FitFlags: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Most bits for each fitted weight; classes are chosen per tensor, above 0, at most 32. (default: 4)",
      valueName: "B")
  )
  var bits: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Most bytes of the file, such as 10MB or 10MiB; zstd may make it smaller.", valueName: "BYTES"))
  var targetSize: ByteSize?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Least mean cosine of the outputs as predicted, above 0, below 1; needs --calibration.", valueName: "C")
  )
  var targetCosine: Double?

  @Option(help: ArgumentHelp("Time for a smaller error: fast, normal or max.", valueName: "LEVEL"))
  var effort = FitOptions.Effort.normal

  @Option(help: ArgumentHelp("Motifs to choose from: plain, overlapping or auto.", valueName: "FORM"))
  var form = ClassTable.FormFilter.auto

  @Option(
    help: ArgumentHelp(
      "speed chooses what executes fast, accuracy also large dictionaries. (default: speed)",
      valueName: "WHAT"))
  var prefer: ClassTable.Preference?

  @Option(
    help: ArgumentHelp("Take the classes from this file, which --save-plan wrote.", valueName: "FILE.json"))
  var plan: String?

  @Option(help: ArgumentHelp("Save what is chosen for every tensor, to be edited.", valueName: "FILE.json"))
  var savePlan: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Weights in a block, 1 to 64. (default: 4)", valueName: "S"))
  var blockLength: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Motifs in a dictionary, 1 to 65536. (default: 256)", valueName: "K"))
  var motifs: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Motifs as a share of the blocks that use the dictionary, above 0, at most 1; instead of --motifs.",
      valueName: "C"))
  var capacity: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stages of each tensor, 1 to 8: each fits what the earlier ones leave. (default: 1)", valueName: "N"))
  var stages: Int?

  @Option(
    help: ArgumentHelp(
      "Who has a dictionary: the whole model, or each tensor its own. (default: model)", valueName: "OWNER"))
  var dictionary: FitOptions.DictionaryScope?

  @Option(
    help: ArgumentHelp(
      """
      How blocks are cut: rows, along the input dimension, or flat, from the flattened tensor. Flat stores weights \
      that were trained as a mosaic without loss, with as many motifs as there are distinct blocks.
      """,
      valueName: "CUT"))
  var blocking = Blocking.rows

  @Flag(help: "Do not keep the first motif at zero.")
  var noZeroMotif = false

  @Flag(help: "Do not scale rows to a common size before the fit.")
  var noRowScale = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Start of the random choices of the fit; equal seeds give equal files.", valueName: "N"))
  var seed: UInt64 = 0

  func validate() throws {
    do throws(MomosError) {
      _ = try choice.options()
    } catch {
      throw ValidationError(error.description)
    }
  }

  var choice: FitChoice {
    var choice = FitChoice()
    choice.bits = bits
    choice.targetByteCount = targetSize?.byteCount
    choice.targetCosine = targetCosine
    choice.plan = plan
    choice.effort = effort
    choice.form = form
    choice.preference = prefer
    choice.blockLength = blockLength
    choice.motifCount = motifs
    choice.capacity = capacity
    choice.stageCount = stages
    choice.dictionaryScope = dictionary
    choice.blocking = blocking
    choice.hasZeroMotif = !noZeroMotif
    choice.hasRowScale = !noRowScale
    choice.seed = seed
    return choice
  }
}

extension FitOptions.DictionaryScope: ExpressibleByArgument {}
extension Blocking: ExpressibleByArgument {
  public init?(argument: String) {
    guard let blocking = [Blocking.rows, .flat].first(where: { $0.name == argument }) else { return nil }
    self = blocking
  }

  public static var allValueStrings: [String] { [Blocking.rows.name, Blocking.flat.name] }
  public var defaultValueDescription: String { name }
}
extension FitOptions.Effort: ExpressibleByArgument {}
extension ClassTable.FormFilter: ExpressibleByArgument {}
extension ClassTable.Preference: ExpressibleByArgument {}
