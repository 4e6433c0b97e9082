import FoundationEssentials
import Momos
import MomosModel
import MomosTestSupport

/// Tensors in files of their own, and what a conversion makes of them.
final class TestConversion {
  let folder: TestFolder
  private(set) var sources: [String] = []
  var file: String { folder.file("model.momos") }

  init(_ tensors: KeyValuePairs<String, Tensor>) throws {
    folder = try TestFolder()
    for (name, tensor) in tensors { sources.append(try write(tensor, name: name)) }
  }

  /// The SOURCE argument of a tensor's file: raw data for bf16, which npy lacks.
  private func write(_ tensor: Tensor, name: String) throws -> String {
    guard tensor.elementType == .bfloat16 else {
      try NPYFixture.write(tensor, to: folder.file(name + ".npy"))
      return folder.file(name + ".npy")
    }
    try folder.write(tensor.bytes.array(of: UInt8.self), to: name + ".bin")
    let shape = tensor.shape.dimensions.map(String.init).joined(separator: ",")
    return "\(name)=\(folder.file(name + ".bin")):bf16[\(shape)]"
  }

  /// The options of a conversion of all tensors on one thread, after `change`.
  func options(_ change: (inout ConversionOptions) -> Void = { _ in }) -> ConversionOptions {
    var options = ConversionOptions(sources: sources, output: file)
    options.threadCount = 1
    options.overwrites = true
    change(&options)
    return options
  }

  @discardableResult
  func convert(_ change: (inout ConversionOptions) -> Void = { _ in }) throws -> ConversionReport {
    let conversion = try Conversion(options(change))
    return try conversion.run(conversion.plan())
  }

  /// The file that would be written.
  func preview(_ change: (inout ConversionOptions) -> Void = { _ in }) throws -> ConversionReport {
    let conversion = try Conversion(options(change))
    return try conversion.preview(conversion.plan())
  }

  func verify(
    _ change: (inout VerificationOptions) -> Void = { _ in }
  ) throws -> VerificationReport {
    var options = VerificationOptions(file: file)
    options.sources = sources
    options.session.threadCount = 1
    change(&options)
    return try Verification(options).run()
  }

  func dense(_ name: String) throws -> Tensor { try Inspection(path: file).dense(name) }

  func inspect() throws -> InspectionReport { try Inspection(path: file).report() }
}

extension Tensor {
  /// Standard normal values.
  static func normal(
    _ dimensions: Int..., seed: UInt64 = 1, elementType: ElementType = .float32
  ) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let shape = try Shape(dimensions)
    let values = (0..<shape.elementCount).map { _ in Float(generator.nextNormal()) }
    return try Tensor(rounding: values, to: elementType, shape: shape)
  }

  /// A matrix whose rows are blocks drawn from few: normal ones, one of zeros and one with a negative zero.
  static func repeatingBlocks(
    rows: Int, blocksPerRow: Int, blockLength: Int = 4, elementType: ElementType = .float32, seed: UInt64 = 1
  ) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    var blocks = (0..<6).map { _ in (0..<blockLength).map { _ in Float(generator.nextNormal()) } }
    blocks.append([Float](repeating: 0, count: blockLength))
    blocks.append([-0.0] + [Float](repeating: 1, count: blockLength - 1))
    let values = (0..<rows * blocksPerRow).flatMap { _ in blocks[generator.nextIndex(below: blocks.count)] }
    return try Tensor(
      rounding: values, to: elementType, shape: Shape(rows: rows, columns: blocksPerRow * blockLength))
  }
}

extension ConversionReport {
  func tensor(_ name: String) -> TensorReport? { tensors.first { $0.name == name } }
}

extension InspectionReport {
  func tensor(_ name: String) -> TensorReport? { tensors.first { $0.name == name } }
}
