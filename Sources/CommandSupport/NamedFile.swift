public import ArgumentParser

/// A NAME=FILE argument: the file of a graph input or output, or of a tensor.
public struct NamedFile: ExpressibleByArgument, Sendable {
  public let name: String
  public let path: String

  public init?(argument: String) {
    guard let separator = argument.firstIndex(of: "=") else { return nil }
    name = String(argument[..<separator])
    path = String(argument[argument.index(after: separator)...])
    guard !name.isEmpty, !path.isEmpty else { return nil }
  }

  /// The paths by name.
  /// - Throws: `ValidationError` if a name occurs twice.
  public static func paths(_ files: [NamedFile], option: String) throws -> [String: String] {
    var paths: [String: String] = [:]
    for file in files {
      guard paths.updateValue(file.path, forKey: file.name) == nil else {
        throw ValidationError("\(option) names '\(file.name)' twice")
      }
    }
    return paths
  }
}
