public import ArgumentParser
public import Momos

/// Flags of the commands that execute.
public struct SessionFlags: ParsableArguments {
  @Option(help: "Threads; 0 takes one for each processor. Results do not depend on it.")
  public var threads = 0

  @Option(help: "How exactly mosaics execute: exact, fast or fastest.")
  public var precision = Precision.fast

  @Option(help: "map: use the file in place. copy: read it into memory first, immune to later changes.")
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
