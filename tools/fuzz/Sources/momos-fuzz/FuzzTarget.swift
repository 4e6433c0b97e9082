import MomosModel

/// One reader that gets hostile bytes.
protocol FuzzTarget: Sendable {
  /// As it is called on the command line.
  static var name: String { get }
  /// The source files whose lines it should reach, relative to Sources.
  static var files: [String] { get }

  init() throws

  /// Reads the bytes; a refusal is thrown, and anything but a refusal is a finding.
  func run(_ input: [UInt8]) throws

  /// A variation that gets past digests and lengths.
  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8]
}

/// Every target there is.
let fuzzTargets: [any FuzzTarget.Type] = [
  ContainerTarget.self, HeaderTarget.self, MosaicTarget.self, ArrayTarget.self, ArchiveTarget.self,
  SafetensorsTarget.self, ONNXTarget.self, GraphTarget.self, GraphTextTarget.self, PlanTarget.self,
  CalibrationTarget.self, JournalTarget.self, OptionsTarget.self, ABITarget.self,
]

/// Something that a reader promised and did not keep.
struct Finding: Error {
  let text: String
}
