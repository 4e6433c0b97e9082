import MomosModel

/// What an operator learns about its node when it is planned.
struct OperatorContext {
  let label: NodeLabel
  /// Version of the operator set the graph was written for.
  let version: Int
  let inputCount: Int
  let outputCount: Int
  var attributes: AttributeReader
  /// The linear operand, if it is a tensor of the model; the operator then does not get it as an input.
  let linearWeight: LinearWeight?
  /// Shape of the linear operand's tensor; nil without one.
  let linearWeightShape: Shape?
  /// The linear operand of an operator that looks rows up, if it is stored as a mosaic; it is no input then.
  let rowTable: RowReconstruction?
  /// Dense tensors of the model among the inputs, by position: for weights that an operator arranges once.
  let constants: [Int: Tensor]
  /// What a node of fusion stands for; nil for a node of the graph.
  var joined: JoinedNodes?
}
