public import FoundationEssentials
public import MomosModel

/// Reads the .npy files of fixtures: version 1, C order, little-endian.
///
/// For tests that must not depend on the reader of MomosInterchange, which has its own.
public enum NPYFixture {
  public struct Malformed: Error {
    public let path: String
  }

  /// - Parameter elementType: the type that the bytes have; numpy has no bfloat16, so those are stored as uint16.
  public static func tensor(at url: URL, elementType: ElementType) throws -> Tensor {
    let bytes = [UInt8](try Data(contentsOf: url))
    guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8) + [1, 0]) else {
      throw Malformed(path: url.path)
    }
    let dataStart = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
    guard bytes.count >= dataStart else { throw Malformed(path: url.path) }
    let header = String(decoding: bytes[10..<dataStart], as: UTF8.self)
    let shape = try Shape(dimensions(in: header))
    guard header.contains("'descr': '\(description(of: elementType))'"),
      header.contains("'fortran_order': False"),
      bytes.count - dataStart == shape.elementCount * elementType.byteCount
    else { throw Malformed(path: url.path) }
    return Tensor(
      elementType: elementType, shape: shape, bytes: try Bytes(copying: Array(bytes[dataStart...])))
  }

  /// The numbers of `'shape': (2, 3)`.
  private static func dimensions(in header: String) -> [Int] {
    guard let open = header.firstIndex(of: "("), let close = header.firstIndex(of: ")") else { return [] }
    return header[open...close].split { !$0.isNumber }.compactMap { Int($0) }
  }

  static func description(of elementType: ElementType) -> String {
    switch elementType {
    case .float16, .float32, .float64: "<f\(elementType.byteCount)"
    case .int8: "|i1"
    case .uint8: "|u1"
    case .bool: "|b1"
    case .int16, .int32, .int64: "<i\(elementType.byteCount)"
    case .uint16, .uint32, .uint64, .bfloat16: "<u\(elementType.byteCount)"
    }
  }
}
