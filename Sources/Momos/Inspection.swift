public import MomosFormat
import MomosInterchange
import MomosKernels
public import MomosModel

/// Looks into a `.momos` file without executing it.
public struct Inspection: Sendable {
  private let path: String
  private let reader: MomosReader

  /// Opens the file: its structure is checked, its weights are not touched.
  public init(path: String, load: LoadMode = .map) throws(MomosError) {
    self.init(try ModelFile(path: path, load: load))
  }

  public init(_ file: ModelFile) {
    path = file.name
    reader = file.reader
  }

  /// Refuses files that are to be written if one of them is the inspected file, another one of them, or no file can be
  /// written there.
  public func checkOutputs(_ paths: [String], overwrites: Bool = false) throws(MomosError) {
    try OutputTargets.check(paths, inputs: [path], overwrites: overwrites)
  }

  /// What the header says; with `checksAll` every tensor is loaded, so that every digest, index and value is
  /// checked.
  public func report(checksAll: Bool = false) throws(MomosError) -> InspectionReport {
    if checksAll { try MomosError.translating(in: path) { try reader.checkAll() } }
    return InspectionReport(path: path, reader: reader, isChecked: checksAll)
  }

  /// The parts of every mosaic, and its zero blocks; loads all mosaics.
  ///
  /// - Parameter speedThreadCount: threads to measure how much faster matrices with parts are multiplied by; nil measures
  ///   nothing.
  public func decomposition(speedThreadCount: Int? = nil) throws(MomosError) -> DecompositionReport {
    try MomosError.translating(in: path) {
      var report = try DecompositionReport(reader)
      guard let speedThreadCount else { return report }
      let pool = ThreadPool(threadCount: speedThreadCount)
      for (number, tensor) in report.tensors.enumerated() where tensor.parts.count > 1 {
        guard case .mosaic(let mosaic) = try reader.resolve(tensor.name) else { continue }
        let speed = try DecompositionSpeed(mosaic, pool: pool)
        report.tensors[number].speeds = try [1, 64].map { batch in try speed.measure(batch: batch) }
      }
      return report
    }
  }

  /// Writes the sizes of the weights of mosaics as pictures in SVG: rows and columns in their order, and those of each part
  /// together.
  ///
  /// - Parameter targets: names of tensors and paths.
  public func draw(_ targets: [(name: String, path: String)], overwrites: Bool = false) throws(MomosError) {
    try checkOutputs(targets.map(\.path), overwrites: overwrites)
    var pictures: [(path: String, picture: DecompositionPicture)] = []
    for target in targets {
      let content = try MomosError.translating(in: path) { try reader.resolve(target.name) }
      guard case .mosaic(let mosaic) = content, mosaic.blocking == .rows, mosaic.composition == .sum else {
        throw MomosError(.badData, "tensor '\(target.name)' is not a mosaic that can have parts")
      }
      pictures.append((target.path, DecompositionPicture(mosaic)))
    }
    for (path, picture) in pictures {
      try MomosError.translating { try TextFile.write(picture.svg, to: path) }
    }
  }

  /// The stored graph in JSON, or nil if the file holds weights only.
  public var graphJSON: String? {
    guard !reader.graphs.isEmpty else { return nil }
    return GraphJSON.encode(graphs: reader.graphs, operatorSets: reader.operatorSets)
  }

  /// A tensor in its source's shape and element type, reconstructed where it is a mosaic.
  public func dense(_ name: String) throws(MomosError) -> Tensor {
    try MomosError.translating(in: path) { try reader.resolve(name).dense() }
  }

  /// Writes tensors as `.npy` files (bf16 as f32), none unless all of them exist and all files may be written.
  ///
  /// - Parameter targets: names of tensors and paths.
  public func extract(
    _ targets: [(name: String, path: String)], overwrites: Bool = false
  ) throws(MomosError) {
    try checkOutputs(targets.map(\.path), overwrites: overwrites)
    for target in targets {
      _ = try MomosError.translating(in: path) { try reader.entry(target.name) }
    }
    for target in targets {
      let tensor = try dense(target.name)
      try MomosError.translating { try NPYFile.write(tensor, to: target.path) }
    }
  }
}

extension TensorContent {
  /// The dense tensor; an alias must be resolved before.
  func dense() throws(ModelError) -> Tensor {
    switch self {
    case .dense(let tensor): return tensor
    case .mosaic(let mosaic): return try Reconstruction(mosaic).dense()
    case .alias(let name): preconditionFailure("alias of '\(name)' not resolved")
    }
  }
}
