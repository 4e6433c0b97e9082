import MomosModel

/// Numbers of TensorProto.DataType.
enum ONNXElementType {
  /// The element type with this number.
  /// - Throws: `onnxElementType` for those that models here do not have, by their names.
  static func elementType(_ number: Int) throws(InterchangeError) -> ElementType {
    if let type = ElementType(rawValue: number) { return type }
    throw InterchangeError(
      .onnxElementType, expected: "one of \(ElementType.allCases.map(\.name).joined(separator: ", "))",
      found: names[number] ?? "type number \(number)")
  }

  private static let names = [
    0: "no type", 8: "STRING", 14: "COMPLEX64", 15: "COMPLEX128", 17: "FLOAT8E4M3FN", 18: "FLOAT8E4M3FNUZ",
    19: "FLOAT8E5M2", 20: "FLOAT8E5M2FNUZ", 21: "UINT4", 22: "INT4", 23: "FLOAT4E2M1", 24: "FLOAT8E8M0",
    25: "UINT2", 26: "INT2", 27: "FLOAT6E2M3", 28: "FLOAT6E3M2",
  ]
}
