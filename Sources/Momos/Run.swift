import Glibc
import MomosInterchange
import MomosModel

/// One execution with files as inputs and outputs, and its measurement.
public struct Run: Sendable {
  private enum Executable: Sendable {
    case graph(Session)
    case tensor(TensorMultiplier)
  }

  private let executable: Executable
  private let inputs: [String: Tensor]
  private let outputPaths: [String: String]

  /// Opens everything and checks that the outputs exist and can be written, before anything is executed.
  ///
  /// - Parameters:
  ///   - tensor: multiplies by this tensor; the input and output have the name "" then. nil executes the graph.
  ///   - inputs: `.npy` files by graph input.
  ///   - outputs: `.npy` files to write by graph output.
  ///   - overwrites: whether existing outputs may be replaced.
  public init(
    file: String, tensor: String?, inputs: [String: String], outputs: [String: String],
    overwrites: Bool = false, options: SessionOptions = SessionOptions()
  ) throws(MomosError) {
    if let tensor {
      executable = .tensor(try TensorMultiplier(path: file, tensor: tensor, options: options))
    } else {
      let session = try Session(path: file, options: options)
      let names = session.outputs.map(\.name)
      if let unknown = outputs.keys.sorted().first(where: { !names.contains($0) }) {
        throw MomosError(
          .usage, "the graph has no output '\(unknown)'; its outputs are \(names.joined(separator: ", "))")
      }
      executable = .graph(session)
    }
    try OutputTargets.check(
      outputs.values.sorted(), inputs: [file] + inputs.values.sorted(), overwrites: overwrites)
    var tensors: [String: Tensor] = [:]
    for (name, path) in inputs.sorted(by: { $0.key < $1.key }) {
      tensors[name] = try MomosError.translating { try NPYFile(path: path).tensor() }
    }
    self.inputs = tensors
    outputPaths = outputs
  }

  /// Executes once and writes the outputs.
  public func writeOutputs() throws(MomosError) {
    let outputs = try execute()
    for (name, path) in outputPaths.sorted(by: { $0.key < $1.key }) {
      guard let tensor = outputs[name] else { continue }
      try MomosError.translating { try NPYFile.write(tensor, to: path) }
    }
  }

  /// In the order of the graph.
  private var inputNames: [String] {
    switch executable {
    case .graph(let session): session.inputs.map(\.name)
    case .tensor: [""]
    }
  }

  private var weightByteCount: Int {
    switch executable {
    case .graph(let session): session.weightByteCount
    case .tensor(let multiplier): multiplier.weightByteCount
    }
  }

  private func execute() throws(MomosError) -> [String: Tensor] {
    switch executable {
    case .graph(let session): try session.run(inputs)
    case .tensor(let multiplier): ["": try multiplier.multiply(inputs[""]!).output]
    }
  }

  /// Executes repeatedly, after a warm-up of at least three runs and a tenth of a second.
  public func measure(repeating count: Int) throws(MomosError) -> BenchmarkReport {
    let warmUpEnd = ContinuousClock.now + .milliseconds(100)
    var warmUpRuns = 0
    while warmUpRuns < 3 || ContinuousClock.now < warmUpEnd {
      _ = try execute()
      warmUpRuns += 1
    }
    var seconds: [Double] = []
    for _ in 0..<count {
      let start = ContinuousClock.now
      _ = try execute()
      let duration = (ContinuousClock.now - start).components
      seconds.append(Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
    }
    seconds.sort()
    let batch = inputNames.compactMap { inputs[$0] }.first { $0.shape.rank > 0 }?.shape[0] ?? 1
    return BenchmarkReport(
      runCount: count, medianSeconds: seconds[(count - 1) / 2],
      p95Seconds: seconds[min(count - 1, Int((Double(count) * 0.95).rounded(.up)) - 1)],
      itemCount: batch, residentBytes: ProcessMemory.residentByteCount, weightBytes: weightByteCount)
  }
}

/// How fast a model executes, the call alone.
public struct BenchmarkReport: Report, Codable, Sendable {
  public let runCount: Int
  public let medianSeconds: Double
  public let p95Seconds: Double
  /// Items in one run: the first dimension of the graph's first input that has one.
  public let itemCount: Int
  /// Resident memory of the process after the runs.
  public let residentBytes: Int
  /// Memory of the weights as the file holds them; what executing them adds is in `residentBytes`.
  public let weightBytes: Int

  public var text: String {
    let perItem = medianSeconds / Double(max(itemCount, 1))
    return "\(runCount) runs: median \((medianSeconds * 1e6).text(decimals: 1)) us, 95th percentile "
      + "\((p95Seconds * 1e6).text(decimals: 1)) us, \((perItem * 1e6).text(decimals: 2)) us per item "
      + "(\(itemCount) items), \(residentBytes.grouped) bytes resident, \(weightBytes.grouped) of weights"
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
