import MomosModel

/// Several safetensors files as one source, named by an index in JSON:
///
///     {
///       "metadata": {"total_size": 24},
///       "weight_map": {"fc1.weight": "model-00001-of-00002.safetensors"}
///     }
///
/// The files must lie inside the index's folder. Each must hold exactly the tensors that the map gives it; the
/// catalog lists the files in the order of their names. "metadata" is not used.
struct SafetensorsIndexSource: TensorSource {
  static let maximumByteCount = SafetensorsFile.maximumHeaderByteCount

  let catalog: [SourceTensor]
  let files: [String]
  private let shards: [SafetensorsSource]
  private let shardOfTensor: [String: Int]

  init(_ content: Bytes, path: String) throws(InterchangeError) {
    guard content.count <= Self.maximumByteCount else {
      throw InterchangeError(
        .safetensorsIndex, expected: "an index of at most \(Self.maximumByteCount) bytes",
        found: "\(content.count)")
    }
    let fileOfTensor = try Self.weightMap(JSONParser.parse(content.array(of: UInt8.self)))
    let names = Set(fileOfTensor.values).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let folder = try SourceFolder(ofFile: path)
    var shards: [SafetensorsSource] = []
    for name in names { shards.append(try Self.shard(name, folder)) }
    catalog = shards.flatMap(\.catalog)
    try catalog.requireUniqueNames()
    files = [path] + names.map(folder.path(of:))
    var shardOfTensor: [String: Int] = [:]
    for (position, (name, shard)) in zip(names, shards).enumerated() {
      for tensor in shard.catalog {
        guard fileOfTensor[tensor.name] == name else {
          throw InterchangeError(
            .safetensorsIndex, place: "weight_map: \(InterchangeError.quoted(tensor.name))",
            expected: InterchangeError.quoted(name) + ", which holds this tensor",
            found: fileOfTensor[tensor.name].map(InterchangeError.quoted) ?? "nothing")
        }
        shardOfTensor[tensor.name] = position
      }
    }
    let missing = fileOfTensor.keys.filter { shardOfTensor[$0] == nil }
    if let name = missing.min(), let file = fileOfTensor[name] {
      throw InterchangeError(
        .safetensorsIndex, path: folder.path(of: file),
        expected: "the tensor \(InterchangeError.quoted(name)), which the index says it holds", found: "none")
    }
    self.shards = shards
    self.shardOfTensor = shardOfTensor
  }

  private static func weightMap(_ json: JSON) throws(InterchangeError) -> [String: String] {
    let object = try JSONObject(json, keys: ["metadata", "weight_map"])
    return try object.required("weight_map") { json throws(InterchangeError) in
      guard case .object(let fields) = json else { throw json.mismatch("an object of file names") }
      var map: [String: String] = [:]
      for field in fields {
        guard case .string(let file) = field.value else {
          throw field.value.mismatch("a file name").under(field.key)
        }
        map[field.key] = file
      }
      return map
    }
  }

  private static func shard(_ name: String, _ folder: SourceFolder) throws(InterchangeError)
    -> SafetensorsSource
  {
    do throws(InterchangeError) {
      let content = try SourceFile.map(folder.resolve(named: name))
      return try SafetensorsSource(content, path: folder.path(of: name))
    } catch {
      throw error.rule == .pathLeavesFolder
        ? error.inside("weight_map") : error.inFile(folder.path(of: name))
    }
  }

  func read(_ name: String) throws(InterchangeError) -> Tensor {
    guard let shard = shardOfTensor[name] else { throw .unknownTensor(name) }
    return try shards[shard].read(name)
  }
}
