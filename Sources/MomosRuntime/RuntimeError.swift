public import MomosModel

/// Why a graph cannot be planned, or an execution not be done: one case per rule.
public enum RuntimeError: Error, Hashable {
  // The model and its graph.
  case graphNotFound(number: Int, graphCount: Int)
  case duplicateTensor(String)
  case invalidAlias(tensor: String, target: String)
  case duplicateGraphInput(String)
  case duplicateGraphOutput(String)
  /// A value with two producers.
  case duplicateValue(String, node: NodeLabel)
  case valueShadowsTensor(String)
  case undefinedNodeInput(String, node: NodeLabel)
  case undefinedGraphOutput(String)
  case cycle(through: NodeLabel)

  // One node of the graph.
  case unknownDomain(String, node: NodeLabel)
  case missingOperatorSet(domain: String, node: NodeLabel)
  case unsupportedOperatorSet(domain: String, version: Int, supported: ClosedRange<Int>)
  case unknownOperator(NodeLabel)
  case operatorNotInOperatorSet(NodeLabel, version: Int, firstVersion: Int)
  case subgraph(NodeLabel, attribute: String)
  case inputCount(NodeLabel, expected: ClosedRange<Int>, found: Int)
  case outputCount(NodeLabel, expected: ClosedRange<Int>, found: Int)
  /// `position` counts from 0.
  case omittedInput(NodeLabel, position: Int)
  case duplicateAttribute(NodeLabel, attribute: String)
  case unknownAttribute(NodeLabel, attribute: String, version: Int)
  case missingAttribute(NodeLabel, attribute: String)
  case attributeType(NodeLabel, attribute: String, expected: String, found: String)
  case attributeValue(NodeLabel, attribute: String, expected: String, found: String)
  /// An input has elements that the operator does not take.
  case inputValue(NodeLabel, position: Int, expected: String, found: String)
  case mosaicTakenDense(tensor: String, node: NodeLabel)
  case mosaicTakenAsOutput(tensor: String)
  case mosaicAxis(tensor: String, fitted: [Int], node: NodeLabel, needed: [Int])

  // The inputs of one execution.
  case missingInput(String)
  case unexpectedInput(String, expected: [String])
  case inputElementType(String, expected: ElementType, found: ElementType)
  case inputShape(String, expected: [GraphDimension], found: [Int])
  case symbolMismatch(String, input: String, expected: Int, found: Int)
  case outputElementType(String, expected: ElementType, found: ElementType)

  // The types and shapes inside the graph, for these inputs.
  case elementType(NodeLabel, position: Int, expected: [ElementType], found: ElementType)
  case elementTypesDiffer(NodeLabel, [ElementType])
  case shapes(NodeLabel, expected: String, found: [Shape])
  case axis(NodeLabel, axis: Int, rank: Int)

  // While executing.
  /// The elements of an input that decides shapes are not known yet; never leaves the plan.
  case valueNotKnown(NodeLabel, position: Int)
  /// An index outside its axis.
  case indexOutOfRange(NodeLabel, index: Int, count: Int)
  case integerDivisionByZero(NodeLabel)
  /// Too large a shape, or memory that cannot be had. `place` is a node or a tensor.
  case model(ModelError, place: String)
}
