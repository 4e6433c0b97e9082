import Glibc
import MomosInterchange
import MomosModel

/// One execution with files as inputs and outputs, and its measurement.
public struct Run: Sendable {
  enum Executable: Sendable {
    case graph(Session)
    case tensor(TensorMultiplier)
  }

  let executable: Executable
  /// The graph with the reconstructed weights, to measure against.
  let denseSession: Session?
  let inputs: [String: Tensor]
  private let outputPaths: [String: String]

  /// Opens everything and checks that the outputs exist and can be written, before anything is executed.
  ///
  /// - Parameters:
  ///   - tensor: multiplies by this tensor; the input and output have the name "" then. nil executes the graph.
  ///   - inputs: `.npy` files by graph input.
  ///   - outputs: `.npy` files to write by graph output.
  ///   - overwrites: whether existing outputs may be replaced.
  ///   - isMeasuredAgainstDense: whether `measure` compares with the dense weights too, which then take memory.
  public init(
    file: String, tensor: String?, inputs: [String: String], outputs: [String: String],
    overwrites: Bool = false, isMeasuredAgainstDense: Bool = false, options: SessionOptions = SessionOptions()
  ) throws(MomosError) {
    if let tensor {
      denseSession = nil
      executable = .tensor(try TensorMultiplier(path: file, tensor: tensor, options: options))
    } else {
      let session = try Session(path: file, options: options)
      let names = session.outputs.map(\.name)
      if let unknown = outputs.keys.sorted().first(where: { !names.contains($0) }) {
        throw MomosError(
          .usage, "the graph has no output '\(unknown)'; its outputs are \(names.joined(separator: ", "))")
      }
      executable = .graph(session)
      denseSession =
        isMeasuredAgainstDense ? try Session(reconstructing: file, options: options) : nil
    }
    try OutputTargets.check(
      outputs.values.sorted(), inputs: [file] + inputs.values.sorted(), overwrites: overwrites)
    var tensors: [String: Tensor] = [:]
    for (name, path) in inputs.inKeyOrder {
      tensors[name] = try MomosError.translating { try NPYFile(path: path).tensor() }
    }
    self.inputs = tensors
    outputPaths = outputs
  }

  /// Executes once and writes the outputs.
  public func writeOutputs() throws(MomosError) {
    let outputs = try execute()
    for (name, path) in outputPaths.inKeyOrder {
      guard let tensor = outputs[name] else { continue }
      try MomosError.translating { try NPYFile.write(tensor, to: path) }
    }
  }

  /// In the order of the graph.
  var inputNames: [String] {
    switch executable {
    case .graph(let session): session.inputs.map(\.name)
    case .tensor: [""]
    }
  }

  var weightByteCount: Int {
    switch executable {
    case .graph(let session): session.weightByteCount
    case .tensor(let multiplier): multiplier.weightByteCount
    }
  }

  func execute() throws(MomosError) -> [String: Tensor] {
    switch executable {
    case .graph(let session): try session.run(inputs)
    case .tensor(let multiplier): ["": try multiplier.multiply(inputs[""]!).output]
    }
  }
}

/// Memory that weights take as they lie there, mapped or loaded.
enum WeightMemory {
  /// Dense values, indices, row scales and outliers, and every dictionary once.
  static func byteCount(of contents: [TensorContent]) -> Int {
    var dictionaries: Set<MotifDictionary> = []
    var count = 0
    for content in contents {
      switch content {
      case .dense(let tensor): count += tensor.bytes.count
      case .mosaic(let mosaic):
        count += mosaic.byteCount
        dictionaries.formUnion(mosaic.parts.flatMap { $0.stages.map(\.dictionary) })
      case .alias: break
      }
    }
    return dictionaries.reduce(count) { $0 + $1.values.count }
  }
}

/// Memory of this process.
enum ProcessMemory {
  /// Resident bytes, from /proc; 0 where it cannot be read.
  static var residentByteCount: Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe fgets(&buffer, 256, file) != nil else { return 0 }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else { return 0 }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}
