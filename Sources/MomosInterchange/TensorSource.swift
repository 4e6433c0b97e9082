public import MomosModel

/// Dense tensors that something foreign holds, for instance an .npz file.
///
/// Opening a source reads its catalog and no tensor data. Then tensors are read one at a time, so that memory
/// is bounded by the largest one. All tensors are row-major and little-endian, whatever the file has.
public protocol TensorSource: Sendable {
  /// What there is. Names are unique.
  var catalog: [SourceTensor] { get }

  /// Reads the tensor with this name; its type and shape are those of the catalog.
  /// - Throws: `InterchangeError` if there is none of this name or its data break a rule of the format.
  func read(_ name: String) throws(InterchangeError) -> Tensor

  /// The files that it reads, as paths.
  var files: [String] { get }

  /// The graph that it holds beside its tensors, which nodes and graph outputs refer to by name; nil without.
  /// - Throws: `InterchangeError` for a graph that cannot be represented.
  func graph() throws(InterchangeError) -> SourceGraph?
}

extension TensorSource {
  public var files: [String] { catalog.map(\.origin) }

  public func graph() throws(InterchangeError) -> SourceGraph? { nil }
}

/// The graph of a source.
public struct SourceGraph: Sendable, Hashable {
  /// The first is the model, the others are subgraphs.
  public var graphs: [Graph]
  public var operatorSets: [OperatorSet]

  public init(graphs: [Graph], operatorSets: [OperatorSet]) {
    self.graphs = graphs
    self.operatorSets = operatorSets
  }
}

/// A tensor of a catalog.
public struct SourceTensor: Sendable, Hashable {
  /// Longest name in bytes of UTF-8.
  public static let maximumNameByteCount = 1024

  /// 1 to 1024 bytes of UTF-8 without a zero byte.
  public var name: String
  public var elementType: ElementType
  public var shape: Shape
  /// The file or folder it lies in, for messages.
  public var origin: String

  public init(name: String, elementType: ElementType, shape: Shape, origin: String = "") {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.origin = origin
  }

  /// Bytes of the dense elements.
  public var byteCount: Int { shape.elementCount * elementType.byteCount }
}

extension SourceTensor {
  /// The name that these bytes spell.
  static func name(_ bytes: [UInt8]) throws(InterchangeError) -> String {
    guard (1...maximumNameByteCount).contains(bytes.count) else {
      throw InterchangeError(
        .tensorName, place: "tensor name", expected: "1 to \(maximumNameByteCount) bytes",
        found: "\(bytes.count)")
    }
    guard !bytes.contains(0), let name = String(validating: bytes, as: UTF8.self) else {
      throw InterchangeError(
        .tensorName, place: "tensor name \(InterchangeError.quoted(String(decoding: bytes, as: UTF8.self)))",
        expected: "UTF-8 without a zero byte", found: "other bytes")
    }
    return name
  }

  /// The name that the path of a file suggests: its last component without its ending.
  static func name(ofFile path: String) throws(InterchangeError) -> String {
    let file = path.utf8.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
    let dot = file.lastIndex(of: UInt8(ascii: ".")) ?? file.count
    return try name(Array(dot == 0 ? file[...] : file[..<dot]))
  }
}

extension InterchangeError {
  static func unknownTensor(_ name: String) -> InterchangeError {
    InterchangeError(.unknownTensor, expected: "the name of a tensor of the source", found: quoted(name))
  }
}
