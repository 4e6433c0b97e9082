import MomosModel

/// A Constant node, whose output becomes a tensor.
struct ONNXConstant {
  /// The name of the output, and of the tensor.
  let name: String
  private let node: ONNXNode
  private let attribute: ONNXAttribute

  /// - Returns: nil for other nodes, and for constants of values that no tensor here can hold; a graph with one of
  ///   those is refused when it is asked for.
  init?(_ node: ONNXNode) throws(InterchangeError) {
    guard node.isConstant else { return nil }
    guard node.inputs.isEmpty, node.outputs.count == 1, node.attributes.count == 1 else {
      throw InterchangeError(
        .onnxConstant, place: node.label, expected: "no input, one output and one attribute",
        found: "\(node.inputs.count), \(node.outputs.count) and \(node.attributes.count)")
    }
    guard Self.isHeld(node.attributes[0]) else { return nil }
    self.node = node
    attribute = node.attributes[0]
    do throws(InterchangeError) {
      name = try SourceTensor.name(Array(node.outputs[0].utf8))
    } catch {
      throw error.inside(node.label)
    }
  }

  /// Whether the attribute is one of those that Constant has, of its type.
  private static func isHeld(_ attribute: ONNXAttribute) -> Bool {
    switch (attribute.name, attribute.value) {
    case ("value", .tensor), ("value_float", .plain(.float)), ("value_floats", .plain(.floats)),
      ("value_int", .plain(.int)), ("value_ints", .plain(.ints)):
      true
    default: false
    }
  }

  func stored(_ folder: SourceFolder) throws(InterchangeError) -> ONNXStoredTensor {
    do throws(InterchangeError) {
      switch attribute.value {
      case .tensor(let tensor): return try ONNXStoredTensor(tensor, folder: folder)
      case .plain(let value): return ONNXStoredTensor(try Self.tensor(value))
      case .unsupported(let found):
        throw InterchangeError(.onnxConstant, expected: "a tensor or numbers", found: found)
      }
    } catch {
      throw error.inside(node.label)
    }
  }

  /// A scalar of one number, a vector of a list.
  private static func tensor(_ value: AttributeValue) throws(InterchangeError) -> Tensor {
    try InterchangeError.translating { () throws(ModelError) in
      switch value {
      case .float(let number): try Tensor([number], shape: Shape([]))
      case .int(let number): try Tensor([Int64(number)], shape: Shape([]))
      case .floats(let numbers): try Tensor(numbers, shape: Shape([numbers.count]))
      case .ints(let numbers): try Tensor(numbers.map { Int64($0) }, shape: Shape([numbers.count]))
      case .string, .strings, .tensor, .graph: preconditionFailure("not a number of a Constant")
      }
    }
  }
}
