public import MomosModel

/// Several sources as one; the catalog lists the tensors of the first source first.
public struct SourceCollection: TensorSource {
  public let catalog: [SourceTensor]
  private let sources: [any TensorSource]
  private let sourceOfTensor: [String: Int]

  /// - Throws: `duplicateTensor`, which names both origins, if a name occurs twice.
  public init(_ sources: [any TensorSource]) throws(InterchangeError) {
    self.sources = sources
    catalog = sources.flatMap(\.catalog)
    try catalog.requireUniqueNames()
    var sourceOfTensor: [String: Int] = [:]
    for (position, source) in sources.enumerated() {
      for tensor in source.catalog { sourceOfTensor[tensor.name] = position }
    }
    self.sourceOfTensor = sourceOfTensor
  }

  public func read(_ name: String) throws(InterchangeError) -> Tensor {
    guard let position = sourceOfTensor[name] else { throw .unknownTensor(name) }
    return try sources[position].read(name)
  }

  public var files: [String] { sources.flatMap(\.files) }

  /// - Throws: `severalGraphs` if more than one source holds a graph.
  public func graph() throws(InterchangeError) -> SourceGraph? {
    var found: (graph: SourceGraph, file: String)?
    for source in sources {
      guard let graph = try source.graph() else { continue }
      let file = source.files.first ?? ""
      if let found {
        throw InterchangeError(
          .severalGraphs, expected: "one source with a graph", found: "\(found.file) and \(file)")
      }
      found = (graph, file)
    }
    return found?.graph
  }

  /// Opens the SOURCE arguments of a command. Content decides what a file is, not the ending of its name.
  ///
  /// - `FILE`: an .npy file, whose tensor gets the file's name without its ending, or an .npz archive
  /// - `NAME=FILE`: an .npy file whose tensor gets this name
  /// - `NAME=FILE:TYPE[DIMENSIONS]`: raw little-endian data, for instance `w=w.bin:bf16[4096,1024]`, of type
  ///   f16, bf16, f32 or f64; without `NAME=` the tensor gets the file's name without its ending
  /// - `FILE`: an ONNX model: its initialisers and constants, and its graph (see `ONNXSource`)
  /// - `FILE`: a safetensors file, or the .json index of several (see `SafetensorsIndexSource`)
  /// - `FOLDER`: its .npy files (see `FolderSource`)
  public static func open(_ arguments: [String]) throws(InterchangeError) -> SourceCollection {
    var sources: [any TensorSource] = []
    for argument in arguments {
      do throws(InterchangeError) {
        sources.append(try source(for: SourceArgument(parsing: argument)))
      } catch {
        throw error.inFile(argument)
      }
    }
    return try SourceCollection(sources)
  }

  /// The .npz archives of a folder as paths, sorted by the bytes of their names; nil if the path leads to no folder.
  ///
  /// - Throws: `folderWithoutTensors` if there is none; `linkLeavesFolder` for a link out of the folder.
  public static func archives(inFolder path: String) throws(InterchangeError) -> [String]? {
    guard FolderSource.isFolder(path) else { return nil }
    do throws(InterchangeError) {
      let folder = try SourceFolder(path: path)
      let names = try folder.fileNames(ending: ".npz")
      for name in names { _ = try folder.resolve(name) }
      guard !names.isEmpty else {
        throw InterchangeError(
          .folderWithoutTensors, expected: "a folder with .npz files", found: "none in it")
      }
      return names.map(folder.path(of:))
    } catch {
      throw error.inFile(path)
    }
  }

  private static func source(for argument: SourceArgument) throws(InterchangeError) -> any TensorSource {
    let path = argument.path
    if let layout = argument.rawLayout {
      let name = try tensorName(of: argument)
      return try RawFile(path: path, name: name, layout: layout)
    }
    if FolderSource.isFolder(path) {
      try requireNoName(argument, found: "a folder")
      return try FolderSource(path: path)
    }
    do throws(InterchangeError) {
      return try source(for: argument, content: SourceFile.map(path))
    } catch {
      throw error.inFile(path)
    }
  }

  private static func source(
    for argument: SourceArgument, content: Bytes
  ) throws(InterchangeError) -> any TensorSource {
    let format = SourceFormat(content: content.span(of: UInt8.self))
    switch format {
    case .npy:
      let name = try tensorName(of: argument)
      return NPYSource(try NPYFile(content), name: name, path: argument.path)
    case .zip:
      try requireNoName(argument, found: "an .npz archive")
      return try NPZArchive(content, path: argument.path)
    case .onnx:
      try requireNoName(argument, found: "an ONNX model")
      return try ONNXSource(content, path: argument.path)
    case .safetensors:
      try requireNoName(argument, found: "a safetensors file")
      return try SafetensorsSource(content, path: argument.path)
    case .json:
      try requireNoName(argument, found: "an index of safetensors files")
      return try SafetensorsIndexSource(content, path: argument.path)
    case .momos, .unknown:
      throw format.refusal(of: content.span(of: UInt8.self))
    }
  }

  private static func tensorName(of argument: SourceArgument) throws(InterchangeError) -> String {
    if let name = argument.name { return name }
    return try SourceTensor.name(ofFile: argument.path)
  }

  private static func requireNoName(_ argument: SourceArgument, found: String) throws(InterchangeError) {
    guard let name = argument.name else { return }
    throw InterchangeError(
      .nameForSeveralTensors, path: argument.path,
      expected: "one .npy file or raw data for the name \(InterchangeError.quoted(name))", found: found)
  }
}

extension [SourceTensor] {
  /// Names are compared as Swift strings: two spellings of the same characters are one name.
  func requireUniqueNames() throws(InterchangeError) {
    var origins: [String: String] = [:]
    for tensor in self {
      guard let first = origins.updateValue(tensor.origin, forKey: tensor.name) else { continue }
      throw InterchangeError(
        .duplicateTensor, place: "tensor \(InterchangeError.quoted(tensor.name))",
        expected: "one tensor of this name", found: "one in \(first) and one in \(tensor.origin)")
    }
  }
}
