import MomosModel

@testable import MomosInterchange

/// .npy files.
struct ArrayTarget: FuzzTarget {
  static let name = "npy"
  static let files = [
    "MomosInterchange/NPYFile.swift", "MomosInterchange/NPYHeader.swift",
    "MomosInterchange/NPYHeaderLiteral.swift",
  ]

  func run(_ input: [UInt8]) throws {
    let tensor = try NPYFile(try Bytes(copying: input)).tensor()
    let header = NPYHeader.encoded(elementType: tensor.elementType, shape: tensor.shape)
    let again = try NPYFile(try Bytes(copying: header + tensor.bytes.array(of: UInt8.self))).tensor()
    guard again == tensor else { throw Finding(text: "a written tensor is read as another") }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] { ArrayFile.mutated(input, &dice) }
}

/// .npz archives.
struct ArchiveTarget: FuzzTarget {
  static let name = "npz"
  static let files = [
    "MomosInterchange/NPZArchive.swift", "MomosInterchange/ZipDirectory.swift",
    "MomosInterchange/ZipEnd.swift",
    "MomosInterchange/ZipEntry.swift", "MomosInterchange/Inflation.swift",
  ]

  func run(_ input: [UInt8]) throws {
    let archive = try NPZArchive(try Bytes(copying: input), path: "w.npz")
    for tensor in archive.catalog { _ = try archive.read(tensor.name) }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] { Self.mutated(input, &dice) }

  static func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    guard !dice.oneIn(6), var archive = ArchiveFile(input) else { return dice.changed(input) }
    for _ in 0...dice.below(3) { archive.mutate(&dice) }
    var bytes = archive.sealed
    // Records that disagree with each other or with the file.
    if dice.oneIn(3) { dice.overwrite(&bytes, at: dice.below(bytes.count), width: 1 << dice.below(4)) }
    return bytes
  }
}

/// safetensors files, and indexes of two that exist.
struct SafetensorsTarget: FuzzTarget {
  static let name = "safetensors"
  static let files = [
    "MomosInterchange/Safetensors/SafetensorsFile.swift",
    "MomosInterchange/Safetensors/SafetensorsSource.swift",
    "MomosInterchange/Safetensors/SafetensorsIndexSource.swift", "MomosInterchange/JSONParser.swift",
    "MomosInterchange/JSONDecoding.swift",
  ]

  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for name in ["a", "b"] {
      let header = Array("{\"\(name)\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}".utf8)
      var file: [UInt8] = []
      file.append(UInt64(header.count), count: 8)
      try folder.write(file + header + [1, 2], to: "\(name).safetensors")
    }
  }

  func run(_ input: [UInt8]) throws {
    let content = try Bytes(copying: input)
    let source: any TensorSource =
      input.first == UInt8(ascii: "{")
      ? try SafetensorsIndexSource(content, path: folder.path("index.json"))
      : try SafetensorsSource(content, path: folder.path("file"))
    for tensor in source.catalog { _ = try source.read(tensor.name) }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    let words = [
      "a.safetensors", "../a.safetensors", "/etc/passwd", "F32", "BF16", "BOOL", "I64", "U8", "__metadata__",
      "dtype",
      "shape", "data_offsets", "weight_map", "metadata",
    ]
    if input.first == UInt8(ascii: "{") { return JSONText.mutated(input, words: words, &dice) }
    guard !dice.oneIn(8), let count = input.integer(at: 0, count: 8), count <= UInt64(max(0, input.count - 8))
    else { return dice.changed(input) }
    let header = JSONText.mutated(Array(input[8..<8 + Int(count)]), words: words, &dice)
    var data = Array(input[(8 + Int(count))...])
    if dice.oneIn(4) { data = dice.changed(data) }
    var bytes: [UInt8] = []
    bytes.append(UInt64(header.count), count: 8)
    return bytes + header + data
  }
}

/// ONNX models, with data of their own and in a file beside them.
struct ONNXTarget: FuzzTarget {
  static let name = "onnx"
  static let files = [
    "MomosInterchange/ONNX/ONNXConstant.swift", "MomosInterchange/ONNX/ONNXDataField.swift",
    "MomosInterchange/ONNX/ONNXDecoding.swift", "MomosInterchange/ONNX/ONNXElementType.swift",
    "MomosInterchange/ONNX/ONNXExternalData.swift", "MomosInterchange/ONNX/ONNXGraphBuilder.swift",
    "MomosInterchange/ONNX/ONNXScan.swift", "MomosInterchange/ONNX/ONNXSource.swift",
    "MomosInterchange/ONNX/ONNXStoredTensor.swift", "MomosInterchange/ONNX/OperatorSet6.swift",
    "MomosInterchange/ONNX/WireReader.swift",
  ]

  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for name in ["data.bin", "weights.bin", "external.bin"] {
      try folder.write([UInt8](repeating: 1, count: 256), to: name)
    }
  }

  func run(_ input: [UInt8]) throws {
    let source = try ONNXSource(try Bytes(copying: input), path: folder.path("model.onnx"))
    _ = try source.graph()
    for tensor in source.catalog { _ = try source.read(tensor.name) }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    guard !dice.oneIn(16), var message = WireMessage(input[...], .onnx) else { return dice.changed(input) }
    message.mutate(&dice)
    return message.encoded
  }
}

/// Graphs in JSON.
struct GraphTextTarget: FuzzTarget {
  static let name = "graph-json"
  static let files = [
    "MomosInterchange/GraphJSON.swift", "MomosInterchange/GraphJSONDecoding.swift",
    "MomosInterchange/GraphJSONEncoding.swift", "MomosInterchange/JSON.swift",
    "MomosInterchange/JSONParser.swift",
    "MomosInterchange/JSONDecoding.swift",
  ]

  func run(_ input: [UInt8]) throws {
    let document = try GraphJSON.decode(try Bytes(copying: input))
    let text = GraphJSON.encode(graphs: document.graphs, operatorSets: document.operatorSets)
    let again = try GraphJSON.decode(try Bytes(copying: Array(text.utf8)))
    guard GraphJSON.encode(graphs: again.graphs, operatorSets: again.operatorSets) == text else {
      throw Finding(text: "an encoded graph is decoded to another")
    }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    JSONText.mutated(
      input,
      words: [
        "operator_sets", "graphs", "name", "inputs", "outputs", "nodes", "operator", "domain", "attributes",
        "int",
        "float", "string", "floats", "ints", "strings", "tensor", "graph", "element_type", "dimensions",
        "version",
        "f32", "bf16", "bool",
      ], &dice)
  }
}
