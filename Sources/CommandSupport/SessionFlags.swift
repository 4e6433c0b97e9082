public import ArgumentParser
public import Momos

/// Flags of the commands that execute.
public struct SessionFlags: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads; 0 takes one for each processor. Results do not depend on them.", valueName: "N"))
  public var threads = 0

  @Option(
    help: ArgumentHelp(
      """
      Largest relative error of an execution: exact 1e-5, fast 5e-4 (3e-3 for batches of 16 and more), fastest 3e-2.
      """, valueName: "CLASS"))
  public var precision = Precision.fast

  @Option(
    help: ArgumentHelp(
      "map uses the file in place; copy reads it first, so that later changes do no harm.",
      valueName: "MODE"))
  public var load = LoadMode.map

  public init() {}

  public func validate() throws {
    guard (0...1024).contains(threads) else { throw ValidationError("--threads must be 0 to 1024") }
  }

  public var options: SessionOptions {
    var options = SessionOptions()
    options.threadCount = threads
    options.precision = precision
    options.load = load
    return options
  }
}

extension Precision: ExpressibleByArgument {}
extension LoadMode: ExpressibleByArgument {
  public init?(argument: String) {
    switch argument {
    case "map": self = .map
    case "copy": self = .copy
    default: return nil
    }
  }

  public static var allValueStrings: [String] { ["map", "copy"] }
  public var defaultValueDescription: String { self == .map ? "map" : "copy" }
}
