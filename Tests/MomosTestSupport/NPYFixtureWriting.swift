import FoundationEssentials
public import MomosModel

extension NPYFixture {
  /// Writes a tensor as numpy would: version 1, C order, little-endian; bfloat16 as its bit patterns, uint16.
  public static func write(_ tensor: Tensor, to path: String) throws {
    let dimensions = tensor.shape.dimensions
    let tuple = dimensions.map { "\($0)," }.joined(separator: " ")
    var header =
      "{'descr': '\(description(of: tensor.elementType))', 'fortran_order': False, 'shape': (\(tuple)), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    bytes += [UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)]
    bytes += Array(header.utf8)
    bytes += tensor.bytes.array(of: UInt8.self)
    try Data(bytes).write(to: URL(filePath: path))
  }
}
