import MomosModel

/// An ONNX model as its messages say, names checked and nothing else.
struct ONNXModel {
  var operatorSets: [OperatorSet]
  /// Functions of the model itself, which nodes call like operators.
  var functions: Set<ONNXFunctionName>
  /// nil without a graph.
  var graph: ONNXGraph?
}

struct ONNXFunctionName: Hashable {
  let domain: String
  let name: String
}

struct ONNXGraph {
  var name: String
  var nodes: [ONNXNode]
  var initializers: [ONNXTensor]
  /// Names of sparse initialisers.
  var sparseInitializers: [String]
  var inputs: [ONNXValue]
  var outputs: [ONNXValue]
}

struct ONNXValue {
  var name: String
  var type: ONNXType
}

enum ONNXType {
  case unstated
  /// `elementType` is a number of TensorProto.DataType, 0 if not stated.
  case tensor(elementType: Int, dimensions: [GraphDimension]?)
  /// A type without a tensor, in ONNX's word: "sequence".
  case other(String)
}

struct ONNXNode {
  var name: String
  var operatorType: String
  var domain: String
  var inputs: [String]
  var outputs: [String]
  var attributes: [ONNXAttribute]
}

struct ONNXAttribute {
  var name: String
  var value: Value

  enum Value {
    case plain(AttributeValue)
    case tensor(ONNXTensor)
    /// What cannot be kept, in words that complete "found ...": "a subgraph".
    case unsupported(String)
  }
}

struct ONNXTensor {
  var name: String
  /// A number of TensorProto.DataType.
  var dataType: Int
  var dimensions: [Int]
  var isSegment: Bool
  var isExternal: Bool
  var externalData: [(key: String, value: String)]
  var data: ONNXScan.DataNote
}
