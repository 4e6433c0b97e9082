import MomosModel

extension RuntimeError: CustomStringConvertible {
  /// One line: the place, what was expected, what was found.
  public var description: String {
    graphDescription ?? nodeDescription ?? weightDescription ?? executionDescription ?? ""
  }

  private var graphDescription: String? {
    switch self {
    case .graphNotFound(let number, let count):
      "the model has no graph number \(number): it has \(count)"
    case .duplicateTensor(let name):
      "two tensors are named \"\(name)\""
    case .invalidAlias(let tensor, let target):
      "tensor \"\(tensor)\" is an alias of \"\(target)\", which is not a tensor with weights of its own"
    case .duplicateGraphInput(let name):
      "the graph has two inputs named \"\(name)\""
    case .duplicateGraphOutput(let name):
      "the graph has two outputs named \"\(name)\""
    case .duplicateValue(let name, let node):
      "\(node) produces \"\(name)\", which the graph already has: a value has one producer"
    case .valueShadowsTensor(let name):
      "\"\(name)\" is both a value of the graph and a tensor of the model"
    case .undefinedNodeInput(let name, let node):
      "\(node) reads \"\(name)\", which is no graph input, no tensor and no output of another node"
    case .undefinedGraphOutput(let name):
      "nothing produces the graph output \"\(name)\""
    case .cycle(let node):
      "the graph has a cycle through \(node)"
    default: nil
    }
  }

  private var nodeDescription: String? {
    switch self {
    case .unknownDomain(let domain, let node):
      "\(node) belongs to the operator domain \(Self.text(domain: domain)), which this runtime does not know"
    case .missingOperatorSet(let domain, let node):
      "\(node) needs an operator set version for the domain \(Self.text(domain: domain)), but the model states none"
    case .unsupportedOperatorSet(let domain, let version, let supported):
      "operator set version \(version) of the domain \(Self.text(domain: domain)) is not supported: "
        + "expected \(Self.text(supported))"
    case .unknownOperator(let node):
      "\(node): this runtime has no operator \"\(node.operatorType)\""
    case .operatorNotInOperatorSet(let node, let version, let firstVersion):
      "\(node): the operator exists from operator set version \(firstVersion) on, but the model uses \(version)"
    case .subgraph(let node, let attribute):
      "\(node) has a subgraph, attribute \"\(attribute)\": subgraphs are not supported"
    case .inputCount(let node, let expected, let found):
      "\(node) has \(found) inputs, expected \(Self.text(expected))"
    case .outputCount(let node, let expected, let found):
      "\(node) has \(found) outputs, expected \(Self.text(expected))"
    case .omittedInput(let node, let position):
      "\(node) omits input \(position), which is required"
    case .duplicateAttribute(let node, let attribute):
      "\(node) has two attributes \"\(attribute)\""
    case .unknownAttribute(let node, let attribute, let version):
      "\(node) has an attribute \"\(attribute)\", which the operator does not have in version \(version)"
    case .missingAttribute(let node, let attribute):
      "\(node) lacks the required attribute \"\(attribute)\""
    case .attributeType(let node, let attribute, let expected, let found):
      "\(node): attribute \"\(attribute)\" is of type \(found), expected \(expected)"
    case .attributeValue(let node, let attribute, let expected, let found):
      "\(node): attribute \"\(attribute)\" is \(found), expected \(expected)"
    default: nil
    }
  }

  private var weightDescription: String? {
    switch self {
    case .inputValue(let node, let position, let expected, let found):
      "\(node): input \(position) is \(found), expected \(expected)"
    case .mosaicTakenDense(let tensor, let node):
      "\(node) needs the tensor \"\(tensor)\" dense, but it is stored as a mosaic: "
        + "convert the model again with --dense \(tensor)"
    case .mosaicTakenAsOutput(let tensor):
      "the graph output \"\(tensor)\" is a tensor stored as a mosaic: "
        + "convert the model again with --dense \(tensor)"
    case .mosaicAxis(let tensor, let fitted, let node, let needed):
      "tensor \"\(tensor)\" was fitted along \(Self.text(axes: fitted)), but \(node) multiplies along "
        + "\(Self.text(axes: needed)): convert the model again with its graph"
    default: nil
    }
  }

  private var executionDescription: String? {
    switch self {
    case .missingInput(let name):
      "the input \"\(name)\" is missing"
    case .unexpectedInput(let name, let expected):
      "the graph has no input \"\(name)\": it has \(expected.map { "\"\($0)\"" }.joined(separator: ", "))"
    case .inputElementType(let name, let expected, let found):
      "input \"\(name)\" is \(found.name), expected \(expected.name)"
    case .inputShape(let name, let expected, let found):
      "input \"\(name)\" has the shape \(found), expected \(Self.text(expected))"
    case .symbolMismatch(let symbol, let input, let expected, let found):
      "input \"\(input)\" has \(symbol) = \(found), but an earlier dimension has \(symbol) = \(expected)"
    case .outputElementType(let name, let expected, let found):
      "the graph declares its output \"\(name)\" as \(expected.name), but its nodes produce \(found.name)"
    case .elementType(let node, let position, let expected, let found):
      "\(node): input \(position) is \(found.name), expected "
        + expected.map(\.name).joined(separator: ", ")
    case .elementTypesDiffer(let node, let found):
      "\(node): the inputs are \(found.map(\.name).joined(separator: " and ")), expected equal types"
    case .shapes(let node, let expected, let found):
      "\(node): the inputs have the shapes \(found.map(\.description).joined(separator: " and ")), "
        + "expected \(expected)"
    case .axis(let node, let axis, let rank):
      "\(node): axis \(axis) is not in the range of an input of rank \(rank)"
    case .valueNotKnown(let node, let position):
      "\(node): input \(position) decides a shape and is not known"
    case .indexOutOfRange(let node, let index, let count):
      "\(node): the index \(index) lies outside an axis of \(count)"
    case .integerDivisionByZero(let node):
      "\(node): integer division by zero"
    case .model(let error, let place):
      "\(place): \(error)"
    default: nil
    }
  }

  private static func text(_ range: ClosedRange<Int>) -> String {
    if range.lowerBound == range.upperBound { return "\(range.lowerBound)" }
    return range.upperBound == Int.max
      ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
  }

  private static func text(domain: String) -> String {
    domain.isEmpty ? "ai.onnx" : domain
  }

  private static func text(axes: [Int]) -> String {
    (axes.count == 1 ? "axis " : "axes ") + axes.map(String.init).joined(separator: ", ")
  }

  private static func text(_ dimensions: [GraphDimension]) -> String {
    let parts = dimensions.map { dimension in
      switch dimension {
      case .size(let size): "\(size)"
      case .symbol(let name): name
      case .unknown: "?"
      }
    }
    return "[" + parts.joined(separator: ", ") + "]"
  }
}
