import CMomosABI
import FoundationEssentials
import Glibc
import MomosModel

@testable import Momos
@testable import MomosInterchange

/// Options in JSON, as momos_convert and momos_verify take them; carried out where all files they name are the target's own.
///
/// The first byte of an input says what is called: c or v, in capitals with a progress function that soon has enough.
struct OptionsTarget: FuzzTarget {
  static let name = "options"
  static let files = [
    "Momos/ConversionOptionsJSON.swift", "Momos/FitChoice.swift", "Momos/VerificationOptions.swift",
    "Momos/DecompositionOptions.swift", "MomosInterchange/OptionsJSON.swift", "MomosC/WorkABI.swift",
  ]
  /// Files that a call may write begin so, and are removed after it.
  private static let prefix = "new"

  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for (name, content) in try Self.makeFiles() { try folder.write(content, to: name) }
    // Paths without a folder are the target's own.
    guard unsafe chdir(folder.path) == 0 else { throw Finding(text: "cannot enter \(folder.path)") }
    let options = #"{"source": "w.npy", "graph": "g.json", "output": "model.momos", "threads": 1}"#
    guard unsafe momos_convert(options, nil, nil, nil) == MOMOS_OK else {
      throw Finding(text: "the first conversion failed")
    }
  }

  /// A matrix, a graph that multiplies by it, samples and their labels.
  private static func makeFiles() throws -> [(String, [UInt8])] {
    func array(_ tensor: Tensor) -> [UInt8] {
      NPYHeader.encoded(elementType: tensor.elementType, shape: tensor.shape)
        + tensor.bytes.array(of: UInt8.self)
    }
    let graph = """
      {"operator_sets": [{"domain": "", "version": 17}], "graphs": [{"name": "", "inputs":
      [{"name": "x", "element_type": "f32", "dimensions": ["n", 16]}], "outputs": [{"name": "y"}], "nodes":
      [{"operator": "Gemm", "inputs": ["x", "w"], "outputs": ["y"], "attributes": [{"name": "transB", "int": 1}]}]}]}
      """
    let weights = (0..<512).map { (number: Int) -> Float in Float(number * 37 % 101) / 50 - 1 }
    let samples = (0..<64).map { (number: Int) -> Float in Float(number % 9) - 4 }
    return [
      ("w.npy", array(try Tensor(weights, shape: Shape([32, 16])))), ("g.json", Array(graph.utf8)),
      ("x.npy", array(try Tensor(samples, shape: Shape([4, 16])))),
      ("labels.npy", array(try Tensor([0, 3, 31, 7] as [Int64], shape: Shape([4])))),
    ]
  }

  func run(_ input: [UInt8]) throws {
    let text = String(decoding: input.dropFirst(), as: UTF8.self)
    let isVerification = input.first.map { $0 | 32 } == UInt8(ascii: "v")
    guard try isVerification ? isOwn(VerificationOptions(json: text)) : isOwn(ConversionOptions(json: text))
    else { return }
    let call = unsafe isVerification ? momos_verify : momos_convert
    var left = input.first.map { $0 & 32 } == 0 ? 2 : Int.max
    let progress: momos_progress = { _, share, context in
      guard (0...1).contains(share), let left = unsafe context?.assumingMemoryBound(to: Int.self) else {
        return 2
      }
      unsafe left.pointee -= 1
      return unsafe left.pointee < 0 ? 1 : 0
    }
    var report: UnsafeMutablePointer<CChar>?
    let status = unsafe call(text, progress, &left, &report)
    unsafe momos_text_free(report)
    try ABIUser(choices: Choices([])).succeeded(status)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasPrefix(Self.prefix) {
      try FileManager.default.removeItem(atPath: folder.path(name))
    }
  }

  /// Whether a conversion reads and writes nothing but files of the target, and soon ends.
  private func isOwn(_ options: ConversionOptions) -> Bool {
    let written = [options.output, options.savedCalibration, options.savedPlan].compactMap { $0 }
    let read =
      options.sources + options.calibration + [options.graph, options.plan].compactMap { $0 }
      + (options.decomposition?.initialWeights ?? [])
    return read.allSatisfy(Self.isPlain)
      && written.allSatisfy { Self.isPlain($0) && $0.hasPrefix(Self.prefix) && $0.utf8.count < 32 }
      && options.threadCount <= 2 && options.densePatterns.allSatisfy { $0.utf8.count <= 12 }
  }

  private func isOwn(_ options: VerificationOptions) -> Bool {
    let read =
      [options.file] + options.sources + options.inputs.values
      + [options.graph, options.labels].compactMap { $0 }
    return read.allSatisfy(Self.isPlain) && options.session.threadCount <= 2
  }

  /// Whether a path, or what follows the name of a tensor in it, leads nowhere else.
  private static func isPlain(_ path: String) -> Bool {
    !path.contains("/") && !path.contains("..") && path != "." && !path.hasSuffix("=.")
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    let kinds = Array("cvCV".utf8)
    let first = input.first ?? kinds[0]
    let text = JSONText.mutated(Array(input.dropFirst()), words: Self.words, &dice)
    return [dice.oneIn(16) ? kinds[dice.below(kinds.count)] : first] + text
  }

  private static let words = [
    "source", "output", "graph", "bits", "target_size", "target_cosine", "effort", "form", "prefer", "plan",
    "save_plan", "block_length", "motifs", "capacity", "stages", "dictionary", "blocking", "no_zero_motif",
    "no_row_scale", "seed", "dense", "calibration", "save_calibration", "input_axis", "allow_nonfinite",
    "threads",
    "no_zstd", "force", "resume", "decompose", "alpha", "initialization", "initial_weights", "max_loss",
    "file",
    "input", "labels", "min_cosine", "max_relative_error", "min_snr", "min_accuracy", "precision", "load",
    "w.npy", "x.npy", "x=x.npy", "g.json", "labels.npy", "model.momos", "new.momos", "new.npz", "new.onnx",
    "new.safetensors", "new.json", "10MB", "2kB", "0", "fast", "max", "overlapping", "plain", "speed",
    "accuracy",
    "tensor", "flat", "rows", "first", "last", "kaiming-uniform", "normal:0.5", "exact", "fastest", "copy",
    "map",
    "w", ".*", "(", "w=w.npy:f32[4,4]",
  ]

  /// Options to begin with.
  static let seeds = [
    #"c{"source": ["w.npy"], "graph": "g.json", "output": "new.momos", "bits": 2, "effort": "fast", "threads": 1}"#,
    #"c{"source": "w.npy", "output": "new.momos", "block_length": 4, "motifs": 16, "stages": 2, "dictionary": "tensor", "seed": 7, "no_zero_motif": true, "no_row_scale": true}"#,
    #"c{"source": "w.npy", "capacity": 0.05, "input_axis": "first", "allow_nonfinite": true, "no_zstd": true, "dense": ["b.*"]}"#,
    #"c{"source": "w.npy", "graph": "g.json", "output": "new.momos", "calibration": "x=x.npy", "save_calibration": "new.npz", "save_plan": "new.json", "target_size": "2kB", "form": "plain", "prefer": "speed", "effort": "max"}"#,
    #"c{"source": "w.npy", "graph": "g.json", "calibration": ["x=x.npy"], "target_cosine": 0.9, "resume": true}"#,
    #"c{"source": "w.npy", "blocking": "flat", "block_length": 4, "output": "new.momos"}"#,
    #"c{"source": "w.npy", "graph": "g.json", "decompose": true, "alpha": 0.05, "initialization": "kaiming-uniform", "max_loss": 0.1}"#,
    #"c{"source": "w.npy", "decompose": true, "initial_weights": ["w.npy"], "output": "new.momos"}"#,
    #"c{"source": "model.momos", "output": "new.npz", "force": true}"#,
    #"c{"source": "model.momos", "output": "new.onnx"}"#, #"C{"source": "w.npy", "output": "new.momos"}"#,
    #"c{"source": "w.npy", "plan": "g.json"}"#, #"c{"source": []}"#,
    #"v{"file": "model.momos", "source": "w.npy", "input": {"x": "x.npy"}, "labels": "labels.npy", "min_accuracy": 0.1, "min_cosine": 0.5, "max_relative_error": 2, "min_snr": -3, "precision": "exact", "load": "copy", "threads": 1}"#,
    #"v{"file": "model.momos", "graph": "g.json", "input": {"x": "x.npy"}, "precision": "fastest"}"#,
    #"V{"file": "model.momos", "source": ["w.npy"], "min_cosine": 0.999999}"#, #"v{"file": "model.momos"}"#,
  ]
}
