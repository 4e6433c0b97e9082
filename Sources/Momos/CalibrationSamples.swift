import MomosInterchange
import MomosModel

/// The samples that `--calibration` names: inputs of a graph, one set for each execution.
///
/// - `FILE.npz`: the inputs of one execution, by name
/// - `FOLDER`: its .npz files, each one execution, in the order of their names
/// - `NAME=FILE.npy` for every input: samples along the first axis, which are executed in batches
///
/// Files are read when their execution comes.
struct CalibrationSamples {
  /// Samples of one execution, where .npy files hold them and the graph leaves their number open.
  static let batchLength = 32

  private enum Run {
    case archive(SourceCollection)
    case slice(Range<Int>)
  }

  /// Everything that is read.
  let files: [String]
  private let inputs: [GraphValue]
  private var runs: [Run] = []
  /// Samples along the first axis, by input.
  private var arrays: [String: Tensor] = [:]

  /// - Parameters:
  ///   - arguments: not empty.
  ///   - inputs: of the graph.
  /// - Throws: for files that cannot be read, and for inputs that are missing, unknown or of different lengths.
  init(_ arguments: [String], inputs: [GraphValue]) throws(MomosError) {
    self.inputs = inputs
    var files: [String] = []
    var arrays: [(name: String, path: String)] = []
    for argument in arguments {
      if let array = Self.namedFile(argument) {
        files.append(array.path)
        arrays.append(array)
        continue
      }
      for path in try Self.archives(argument) {
        files.append(path)
        runs.append(.archive(try MomosError.translating { try SourceCollection.open([path]) }))
      }
    }
    self.files = files
    for (number, run) in runs.enumerated() {
      if case .archive(let archive) = run { try require(archive.catalog.map(\.name), in: files[number]) }
    }
    if !arrays.isEmpty { try addRuns(of: arrays) }
  }

  /// How many executions there are; at least 1.
  var runCount: Int { runs.count }

  /// The inputs of one execution.
  func inputs(of run: Int) throws(MomosError) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    switch runs[run] {
    case .archive(let archive):
      for value in inputs {
        tensors[value.name] = try MomosError.translating { try archive.read(value.name) }
      }
    case .slice(let range):
      for (name, array) in arrays { tensors[name] = array.slice(range) }
    }
    return try inputs.converting(tensors)
  }

  /// Samples of one execution: the first axis of its first input.
  func sampleCount(of run: Int) -> Int {
    switch runs[run] {
    case .archive(let archive):
      let first = archive.catalog.first { $0.name == inputs.first?.name }
      return first?.shape.dimensions.first ?? 1
    case .slice(let range): return range.count
    }
  }

  /// NAME=FILE, unless a file or folder has the whole argument as its name.
  private static func namedFile(_ argument: String) -> (name: String, path: String)? {
    guard FileIdentity(path: argument) == nil, let sign = argument.firstIndex(of: "=") else { return nil }
    return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
  }

  /// The files of a folder, or the file.
  private static func archives(_ path: String) throws(MomosError) -> [String] {
    let files = try MomosError.translating { try SourceCollection.archives(inFolder: path) }
    guard files == nil, (try? NPYFile(path: path)) != nil else { return files ?? [path] }
    throw MomosError(
      .usage, "--calibration '\(path)': an .npy file needs the name of its input, NAME=\(path)")
  }

  /// Refuses names that are not those of the graph's inputs.
  private func require(_ names: [String], in file: String) throws(MomosError) {
    let expected = inputs.map(\.name).sorted()
    guard names.sorted() == expected else {
      throw MomosError(
        .badData,
        "'\(file)': expected the inputs of the graph, \(expected.joined(separator: ", ")), found "
          + (names.isEmpty ? "none" : names.sorted().joined(separator: ", ")))
    }
  }

  private mutating func addRuns(of files: [(name: String, path: String)]) throws(MomosError) {
    try require(files.map(\.name), in: files.map(\.path).joined(separator: "', '"))
    var count: Int?
    for (name, path) in files {
      let array = try MomosError.translating { try NPYFile(path: path).tensor() }
      guard let length = array.shape.dimensions.first, length > 0 else {
        throw MomosError(.badData, "'\(path)': expected samples along the first axis, found \(array.shape)")
      }
      guard length == count ?? length else {
        throw MomosError(
          .badData, "'\(path)': expected \(count ?? 0) samples as in other inputs, found \(length)")
      }
      count = length
      arrays[name] = array
    }
    let fixed = inputs.compactMap { value -> Int? in
      if case .size(let size) = value.dimensions?.first { size } else { nil }
    }
    let length = fixed.first ?? Self.batchLength
    guard let count, length > 0 else { return }
    guard fixed.isEmpty || count % length == 0 else {
      throw MomosError(
        .badData,
        "expected a multiple of \(length) samples, which the graph executes at a time, found \(count)")
    }
    for start in stride(from: 0, to: count, by: length) {
      runs.append(.slice(start..<min(start + length, count)))
    }
  }
}

extension Tensor {
  /// Some positions along the first axis; no copy.
  fileprivate func slice(_ range: Range<Int>) -> Tensor {
    let width = bytes.count / shape[0]
    let dimensions = [range.count] + shape.dimensions.dropFirst()
    guard let shape = try? Shape(dimensions) else {
      preconditionFailure("smaller than the shape of a tensor")
    }
    return Tensor(
      elementType: elementType, shape: shape,
      bytes: bytes[(range.lowerBound * width)..<(range.upperBound * width)])
  }
}
