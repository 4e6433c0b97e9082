/// What the scan of an ONNX file does with the fields of one kind of message; a mirror of `spec/onnx.proto`.
///
/// Fields that are not listed are skipped.
struct ONNXMessage {
  /// What a field holds and what becomes of it.
  enum Field {
    /// An integer; copied. Repeated ones may be packed.
    case integer
    /// A float32; copied. Repeated ones may be packed.
    case float
    /// Text or bytes; copied.
    case text
    /// Copied without its content, to say that it is there.
    case presence
    /// A message that occurs once.
    case message(ONNXMessage)
    /// A message that may occur any number of times.
    case messages(ONNXMessage)
    /// Elements of a tensor; noted, not copied.
    case data
  }

  /// By field number.
  let fields: [Int: Field]

  static let model = ONNXMessage(fields: [
    1: .integer, 7: .message(graph), 8: .messages(operatorSet), 25: .messages(function),
  ])
  private static let operatorSet = ONNXMessage(fields: [1: .text, 2: .integer])
  private static let function = ONNXMessage(fields: [1: .text, 10: .text])
  private static let graph = ONNXMessage(fields: [
    1: .messages(node), 2: .text, 5: .messages(tensor), 11: .messages(value), 12: .messages(value),
    15: .messages(sparseTensor),
  ])
  private static let value = ONNXMessage(fields: [1: .text, 2: .message(type)])
  private static let type = ONNXMessage(fields: [
    1: .message(tensorType), 4: .presence, 5: .presence, 7: .presence, 8: .presence, 9: .presence,
  ])
  private static let tensorType = ONNXMessage(fields: [1: .integer, 2: .message(shape)])
  private static let shape = ONNXMessage(fields: [1: .messages(dimension)])
  private static let dimension = ONNXMessage(fields: [1: .integer, 2: .text])
  private static let node = ONNXMessage(fields: [
    1: .text, 2: .text, 3: .text, 4: .text, 5: .messages(attribute), 7: .text,
  ])
  private static let attribute = ONNXMessage(fields: [
    1: .text, 2: .float, 3: .integer, 4: .text, 5: .message(tensor), 6: .presence, 7: .float, 8: .integer,
    9: .text, 10: .presence, 11: .presence, 14: .presence, 15: .presence, 20: .integer, 21: .text,
    22: .presence, 23: .presence,
  ])
  private static let tensor = ONNXMessage(fields: [
    1: .integer, 2: .integer, 3: .presence, 4: .data, 5: .data, 6: .data, 7: .data, 8: .text, 9: .data,
    10: .data, 11: .data, 13: .messages(entry), 14: .integer,
  ])
  private static let sparseTensor = ONNXMessage(fields: [1: .message(tensor)])
  private static let entry = ONNXMessage(fields: [1: .text, 2: .text])

  /// The field of `Tensor` in the copy that refers to a note about data.
  static let dataField = 1000
}
