/// A network: nodes with ONNX operator names, which refer to values and tensors by name.
public struct Graph: Sendable, Hashable {
  public var name: String
  public var inputs: [GraphValue]
  public var outputs: [GraphValue]
  /// In any order; the planner sorts them.
  public var nodes: [Node]

  public init(name: String = "", inputs: [GraphValue], outputs: [GraphValue], nodes: [Node]) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.nodes = nodes
  }
}

/// An input or output of a graph.
public struct GraphValue: Sendable, Hashable {
  public var name: String
  /// nil if the graph does not say.
  public var elementType: ElementType?
  /// nil if the graph does not say.
  public var dimensions: [GraphDimension]?

  public init(name: String, elementType: ElementType? = nil, dimensions: [GraphDimension]? = nil) {
    self.name = name
    self.elementType = elementType
    self.dimensions = dimensions
  }
}

/// One dimension of a graph value.
public enum GraphDimension: Sendable, Hashable {
  case size(Int)
  /// Equal symbols mean equal sizes within one execution.
  case symbol(String)
  case unknown
}

/// One operator application.
public struct Node: Sendable, Hashable {
  public var name: String
  /// ONNX operator name, for instance "Gemm".
  public var operatorType: String
  /// "" is ONNX's default domain.
  public var domain: String
  /// Names of values or tensors; "" is an omitted optional input.
  public var inputs: [String]
  public var outputs: [String]
  /// In the order of the source.
  public var attributes: [NodeAttribute]

  public init(
    name: String = "", operatorType: String, domain: String = "", inputs: [String], outputs: [String],
    attributes: [NodeAttribute] = []
  ) {
    self.name = name
    self.operatorType = operatorType
    self.domain = domain
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// The value of the attribute with this name, or nil.
  public func attribute(_ name: String) -> AttributeValue? {
    attributes.first { $0.name == name }?.value
  }
}

public struct NodeAttribute: Sendable, Hashable {
  public var name: String
  public var value: AttributeValue

  public init(name: String, value: AttributeValue) {
    self.name = name
    self.value = value
  }
}

public enum AttributeValue: Sendable, Hashable {
  case float(Float)
  case int(Int)
  case string([UInt8])
  case floats([Float])
  case ints([Int])
  case strings([[UInt8]])
  /// The name of a tensor of the model.
  case tensor(String)
  /// The position of a graph in `Model.graphs`.
  case graph(Int)
}
