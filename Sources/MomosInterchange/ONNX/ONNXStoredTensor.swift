import MomosModel

/// A tensor of an ONNX model whose type, shape and place are checked and whose data are not read yet.
struct ONNXStoredTensor {
  let elementType: ElementType
  let shape: Shape
  private let storage: Storage

  private enum Storage {
    /// Elements as they lie in the file.
    case raw(Range<Int>)
    /// A data field that lists numbers, in one or several runs.
    case numbers(ONNXDataField, [Range<Int>])
    case external(ONNXExternalData)
    /// Elements of a Constant that an attribute lists.
    case values(Bytes)
  }

  /// The elements that a list of an attribute stands for.
  init(_ tensor: Tensor) {
    (elementType, shape, storage) = (tensor.elementType, tensor.shape, .values(tensor.bytes))
  }

  /// - Parameter folder: where external data may lie.
  init(_ tensor: ONNXTensor, folder: SourceFolder) throws(InterchangeError) {
    let elementType = try ONNXElementType.elementType(tensor.dataType)
    let shape = try InterchangeError.translating { () throws(ModelError) in try Shape(tensor.dimensions) }
    guard !tensor.isSegment else {
      throw InterchangeError(.onnxTensorData, expected: "a whole tensor", found: "a segment of one")
    }
    self.elementType = elementType
    self.shape = shape
    let byteCount = shape.elementCount * elementType.byteCount
    let numbers = Set(tensor.data.fields.map(\.number))
    if tensor.isExternal {
      guard numbers.isEmpty else {
        throw InterchangeError(
          .onnxTensorData, expected: "data in another file only", found: "data in the model as well")
      }
      storage = .external(
        try ONNXExternalData(tensor.externalData, byteCount: byteCount, folder: folder))
      return
    }
    guard numbers.count <= 1 else {
      throw InterchangeError(
        .onnxTensorData, expected: "data in one field",
        found: "fields \(numbers.sorted().map(String.init).joined(separator: ", "))")
    }
    let runs = tensor.data.fields.map(\.range)
    let field = numbers.first.map { ONNXDataField(rawValue: $0) } ?? ONNXDataField(of: elementType)
    guard let field, field == .raw || field == ONNXDataField(of: elementType) else {
      throw InterchangeError(
        .onnxTensorData,
        expected: "\(elementType.name) values as raw_data or \(ONNXDataField(of: elementType).name)",
        found: field?.name ?? "string_data")
    }
    try field.requireByteCount(runs, elementCount: shape.elementCount, elementType: elementType)
    if let run = runs.first, runs.count == 1, field.isBytes {
      storage = .raw(run)
    } else {
      storage = .numbers(field, runs)
    }
  }

  /// The file with the data, if that is another than the model's, as the user would write it.
  var externalPath: String? {
    if case .external(let data) = storage { data.path } else { nil }
  }

  /// Reads the data.
  /// - Parameter file: the model.
  func tensor(in file: Bytes) throws(InterchangeError) -> Tensor {
    let bytes: Bytes
    switch storage {
    case .values(let values): bytes = values
    case .raw(let range): bytes = try aligned(file[range])
    case .external(let data): bytes = try aligned(data.read())
    case .numbers(let field, let runs):
      bytes = try field.elements(in: file, runs, elementType: elementType, count: shape.elementCount)
    }
    if elementType == .bool { try bytes.requireBools() }
    return Tensor(elementType: elementType, shape: shape, bytes: bytes)
  }

  private func aligned(_ bytes: Bytes) throws(InterchangeError) -> Bytes {
    try InterchangeError.translating { () throws(ModelError) in
      try bytes.ordered(elementByteCount: elementType.byteCount)
    }
  }
}
