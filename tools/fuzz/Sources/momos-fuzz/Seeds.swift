import FoundationEssentials
import MomosFit
import MomosFormat
import MomosKernels
import MomosModel

@testable import Momos
@testable import MomosInterchange

/// Inputs to begin with, from the repository's fixtures.
struct Seeds {
  let repository: String
  let folder: String
  /// Larger files say nothing more, and take longer.
  private static let mostBytes = 32 << 10

  func write() throws {
    for path in files("fixtures/valid", ".momos") + files("fixtures/invalid", ".momos") {
      let bytes = try content(path)
      try add(bytes, to: "container", path)
      guard let file = ContainerFile(bytes) else { continue }
      try add(file.header.encoded, to: "header", path)
      if bytes.contains(Array("mosaic".utf8)) || !path.contains("dense") {
        try add(bytes, to: "mosaic", path)
      }
      if path.contains("graph") || path.contains("everything") { try add(bytes, to: "graph", path) }
      if path.contains("valid/") && !path.contains("invalid/") { try addUses(of: bytes, path) }
    }
    for (target, folder, suffix) in [
      ("npy", "npy", ".npy"), ("npz", "npy", ".npz"), ("safetensors", "safetensors", ".safetensors"),
      ("safetensors", "safetensors", ".json"), ("onnx", "onnx", ".onnx"),
    ] {
      for path in files("fixtures/sources/\(folder)", suffix) { try add(try content(path), to: target, path) }
    }
    try add(
      Array(#"{"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}"#.utf8), to: "safetensors", "index"
    )
    for path in files("fixtures/operators", "case.json") { try addOperator(path) }
    for path in files("fixtures", "graph.json") { try add(try content(path), to: "graph-json", path) }
    try GraphSeeds(seeds: self).write()
    try addPlans()
    try addCalibrations()
    try addJournals()
    for (number, options) in OptionsTarget.seeds.enumerated() {
      try add(Array(options.utf8), to: "options", "\(number)")
    }
  }

  /// A file with choices of arguments: right ones, and two sequences of others.
  func addUses(of bytes: [UInt8], _ path: String) throws {
    for number in 0..<3 {
      let choices = (0..<Choices.byteCount).map { UInt8(number * $0 * 37 % 256) }
      try add(bytes + choices, to: "abi", "\(path)-\(number)")
    }
  }

  /// Files below a folder of the repository, as paths relative to the repository.
  func files(_ folder: String, _ suffix: String) -> [String] {
    let all = FileManager.default.subpathsOfFolder("\(repository)/\(folder)")
    return all.filter { $0.hasSuffix(suffix) }.map { "\(folder)/\($0)" }.sorted()
  }

  func content(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: "\(repository)/\(path)")))
  }

  func add(_ bytes: [UInt8], to target: String, _ name: String) throws {
    guard bytes.count <= Self.mostBytes else { return }
    let folder = "\(folder)/\(target)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let name = String(name.map { $0 == "/" ? "-" : $0 })
    try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
  }

  /// A case of fixtures/operators as a file whose graph is executed.
  private func addOperator(_ path: String) throws {
    let folder = path.dropLast("case.json".count)
    let json = try JSONParser.parse(content(path))
    guard case .object(let fields) = json else { return }
    func list(_ key: String) -> [JSON] {
      guard case .array(let elements) = fields.first(where: { $0.key == key })?.value else { return [] }
      return elements
    }
    func tensor(_ value: JSON) throws -> (name: String, tensor: Tensor)? {
      guard case .object(let fields) = value,
        case .string(let name) = fields.first(where: { $0.key == "name" })?.value,
        case .string(let type) = fields.first(where: { $0.key == "elementType" })?.value,
        let elementType = ElementType(name: type)
      else { return nil }
      let file = try NPYFile(heap(content("\(folder)\(name).npy"))).tensor()
      // npy has no bfloat16: its bit patterns are there.
      guard file.elementType != elementType else { return (name, file) }
      return (name, Tensor(elementType: elementType, shape: file.shape, bytes: file.bytes))
    }
    let inputs = try list("inputs").compactMap(tensor)
    let tensors = try list("tensors").compactMap(tensor)
    let outputs = try list("outputs").compactMap(tensor)
    var version = 13
    if case .number(let text) = fields.first(where: { $0.key == "version" })?.value {
      version = Int(text) ?? 13
    }
    let graph = Graph(
      inputs: inputs.map { name, tensor in
        GraphValue(
          name: name, elementType: tensor.elementType,
          dimensions: Self.dimensions(of: tensor.shape, kind: path.count % 4))
      },
      outputs: outputs.map { GraphValue(name: $0.name) }, nodes: try list("nodes").map(node))
    let sets = [OperatorSet(domain: "", version: version)]
    try addGraph(graph, sets, tensors: tensors, inputs: inputs, String(folder))
    let text = GraphJSON.encode(graphs: [graph], operatorSets: sets)
    if path.count % 4 == 0 { try add(Array(text.utf8), to: "graph-json", String(folder)) }
  }

  /// Sizes as a graph may declare them: not at all, as they are, by name, or open.
  private static func dimensions(of shape: Shape, kind: Int) -> [GraphDimension]? {
    switch kind {
    case 0: nil
    case 1: shape.dimensions.map { .size($0) }
    case 2: shape.dimensions.map { .symbol("size \($0)") }
    default: shape.dimensions.map { _ in .unknown }
    }
  }

  private func node(_ json: JSON) throws -> Node {
    let object = try JSONObject(json, keys: ["operator", "inputs", "outputs", "attributes", "domain"])
    func names(_ json: JSON) throws(InterchangeError) -> [String] {
      try json.list { json throws(InterchangeError) in try json.text() }
    }
    var attributes: [NodeAttribute] = []
    if case .object(let fields)? = try object.optional("attributes", { $0 }) {
      for field in fields {
        guard case .object(let value) = field.value, let first = value.first else { continue }
        let number: AttributeValue =
          switch first.key {
          case "int": .int(try first.value.int())
          case "float": .float(try first.value.float())
          case "string": .string(Array(try first.value.text().utf8))
          case "floats": .floats(try first.value.list { json throws(InterchangeError) in try json.float() })
          case "strings": .strings(try names(first.value).map { Array($0.utf8) })
          default: .ints(try first.value.list { json throws(InterchangeError) in try json.int() })
          }
        attributes.append(NodeAttribute(name: field.key, value: number))
      }
    }
    return Node(
      operatorType: try object.required("operator") { json throws(InterchangeError) in try json.text() },
      inputs: try object.required("inputs", names), outputs: try object.required("outputs", names),
      attributes: attributes)
  }

  /// A file with a graph; its inputs lie beside the tensors.
  func addGraph(
    _ graph: Graph, _ sets: [OperatorSet], tensors: [(name: String, tensor: Tensor)],
    inputs: [(name: String, tensor: Tensor)], mosaics: [(name: String, tensor: MosaicTensor)] = [],
    _ name: String
  ) throws {
    let path = "\(folder)/seed.momos"
    let writer = try MomosWriter(path: path, options: .init(overwrite: true))
    for (name, tensor) in tensors { try writer.write(name: name, dense: tensor) }
    for (name, tensor) in mosaics { try writer.write(name: name, mosaic: tensor) }
    for (name, tensor) in inputs { try writer.write(name: GraphTarget.inputPrefix + name, dense: tensor) }
    _ = try writer.finish(graphs: [graph], operatorSets: sets, provenance: Provenance())
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    try add(bytes, to: "graph", name)
    if !mosaics.isEmpty { try addUses(of: bytes, name) }
    try FileManager.default.removeItem(atPath: path)
  }

  private func addPlans() throws {
    let figures = PlanDocument.Figures(bits: 2.5, byteCount: 100, predictedLoss: 0.25)
    let bias = PlanDocument.Tensor(
      name: "bias", parts: [.init(rows: nil, className: "dense")], reason: "is not a matrix")
    let plans = [
      PlanDocument(
        goal: "2 bits", figures: figures,
        tensors: [
          .init(name: "a", parts: [.init(rows: nil, className: "s8k256")], figures: figures),
          .init(name: "b", parts: [.init(rows: nil, className: "overlapping s4k256")]), bias,
        ]),
      PlanDocument(tensors: [
        .init(
          name: "a",
          parts: [
            .init(rows: [0...9, 20...127], className: "s4k16", figures: figures),
            .init(rows: [10...19], className: "s8k256 + s4k16"),
          ]), .init(name: "b", parts: [.init(rows: nil, className: "exact s4k16")]), bias,
      ]),
    ]
    for (number, plan) in plans.enumerated() {
      try add(Array(JSON(plan).rendered().utf8), to: "plan", "\(number)")
    }
  }

  private func addCalibrations() throws {
    var calibration = Calibration()
    calibration.moments = [
      .init(sampleCount: 3, columns: 2, upperSums: try Bytes(copying: [1, -2, 5] as [Double])),
      .init(sampleCount: 7, columns: 1, upperSums: try Bytes(copying: [0.5] as [Double])),
    ]
    calibration.momentsOfTensor = ["a": 1, "ä": 0, "q": 0]
    calibration.rowCounts = ["table": [0, 4, 1], "ä": [2]]
    calibration.losses = ["table": 0.25, "q": -1e-17]
    let path = "\(folder)/seed.npz"
    try SavedCalibration.write(calibration, to: path)
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    try FileManager.default.removeItem(atPath: path)
    try add(bytes, to: "calibration", "all")
    try add(bytes + [3], to: "journal", "calibration")
  }

  /// The files of a journal that a fit has written.
  private func addJournals() throws {
    let tensors = try JournalTarget.makeTensors()
    let output = "\(folder)/seed.momos"
    let journal = try ConversionJournal(of: output, conversion: JournalTarget.conversion, resumes: false)
    try JournalTarget.fit(
      try JournalTarget.makePlan(tensors), tensors, journal.findings(plan: JournalTarget.plan),
      ThreadPool(threadCount: 1))
    for (number, name) in JournalTarget.fileNames.enumerated() {
      let path = "\(output).partial/\(name).npz"
      guard let data = try? Data(contentsOf: URL(filePath: path)) else { continue }
      try add([UInt8](data) + [UInt8(number)], to: "journal", name)
    }
    journal.remove()
  }
}

extension FileManager {
  /// Paths of all files below a folder, relative to it.
  fileprivate func subpathsOfFolder(_ folder: String) -> [String] {
    let names = (try? contentsOfDirectory(atPath: folder)) ?? []
    return names.flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      let below = subpathsOfFolder(path)
      return below.isEmpty ? [name] : below.map { "\(name)/\($0)" }
    }
  }
}
