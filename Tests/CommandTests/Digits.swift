import MomosTestSupport
import Testing

/// The digits network of the fixtures and what is made from it.
enum Digits {
  static let folder = Fixtures.path + "/sources/digits-mlp"
  static let weights = folder + "/weights"
  static let graph = folder + "/graph.json"
  static let images = folder + "/test_images.npy"
  static let labels = folder + "/test_labels.npy"
  static let imagesInput = "images=" + images

  /// Blocks of 4 weights to one of 256 motifs, unless an option that follows says otherwise.
  static let twoBits = ["--block-length", "4"]

  /// Converts the network to `digits.momos` in a folder, at 2 bits a weight, and returns the path.
  static func convert(into folder: TestFolder, _ options: [String] = []) throws -> String {
    let path = folder.file("digits.momos")
    let result = try Command.convert([weights, "--graph", graph, "-o", path, "--quiet"] + twoBits + options)
    try #require(result.exitCode == 0, "\(result.standardError)")
    return path
  }
}
