public import MomosModel

/// How messages name a node.
public struct NodeLabel: Sendable, Hashable, CustomStringConvertible {
  public let operatorType: String
  /// May be empty.
  public let name: String
  /// The first value the node produces; names the node where it has no name of its own.
  public let firstOutput: String

  public init(operatorType: String, name: String, firstOutput: String = "") {
    self.operatorType = operatorType
    self.name = name
    self.firstOutput = firstOutput
  }

  public init(_ node: Node) {
    self.init(
      operatorType: node.operatorType, name: node.name, firstOutput: node.outputs.first { $0 != "" } ?? "")
  }

  /// The name, or where there is none the first value the node produces.
  public var title: String { name.isEmpty ? firstOutput : name }

  /// For instance `Gemm node "fc1"`, or `Gemm node of "y"` where the node has no name.
  public var description: String {
    name.isEmpty ? "\(operatorType) node of \"\(firstOutput)\"" : "\(operatorType) node \"\(name)\""
  }
}
