import FoundationEssentials
import MomosFormat

@testable import MomosInterchange

/// What is said of every invalid file of the fixtures, for fixtures/.../refusals.txt: "FILE: RULE: PLACE: expected X, found Y".
///
/// The tests compare with these lines, which people read before they are committed.
struct Refusals {
  let repository: String

  func write() throws {
    try write("fixtures/invalid", suffixes: [".momos"]) { try MomosReader(path: $0).checkAll() }
    for folder in ["npy", "json", "onnx", "safetensors"] {
      try write(
        "fixtures/sources/\(folder)/invalid", suffixes: [".npy", ".npz", ".json", ".onnx", ".safetensors"]
      ) {
        try Self.readAll($0)
      }
    }
  }

  private func write(_ folder: String, suffixes: [String], read: (String) throws -> Void) throws {
    let path = "\(repository)/\(folder)"
    var lines: [String] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    where name != "index.json" && suffixes.contains(where: name.hasSuffix) {
      do {
        try read("\(path)/\(name)")
      } catch let error as InterchangeError {
        lines.append(
          "\(name): \(error.rule): \(error.description.replacing("\(path)/", with: "").replacing(path, with: "."))"
        )
      } catch {
        lines.append("\(name): \(error)")
      }
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: "\(path)/refusals.txt"))
  }

  private static func readAll(_ path: String) throws {
    if path.contains("/invalid/graph-") && path.hasSuffix(".json") {
      _ = try GraphJSON.read(path)
      return
    }
    if path.contains("/invalid/plan-") {
      _ = try PlanDocument.read(path)
      return
    }
    let source = try SourceCollection.open([path])
    _ = try source.graph()
    for tensor in source.catalog { _ = try source.read(tensor.name) }
  }
}
