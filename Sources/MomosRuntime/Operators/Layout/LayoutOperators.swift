/// The same elements in other shapes and orders, and tensors made of shapes and numbers.
enum LayoutOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Concat", Concat.self, inputs: 1...Int.max),
    OperatorEntry("Constant", Constant.self, inputs: 0...0),
    OperatorEntry("ConstantOfShape", ConstantOfShape.self, since: 9, inputs: 1...1),
    OperatorEntry("DepthToSpace", DepthToSpace.self, inputs: 1...1),
    OperatorEntry("Dropout", Dropout.self, inputs: 1...3, outputs: 1...2),
    OperatorEntry("Expand", Expand.self, since: 8, inputs: 2...2),
    OperatorEntry("EyeLike", EyeLike.self, since: 9, inputs: 1...1),
    OperatorEntry("Flatten", Flatten.self, inputs: 1...1),
    OperatorEntry("Identity", Identity.self, inputs: 1...1),
    OperatorEntry("Pad", Pad.self, inputs: 1...4),
    OperatorEntry("Range", NumberRange.self, since: 11, inputs: 3...3),
    OperatorEntry("Reshape", Reshape.self, inputs: 2...2),
    OperatorEntry("ReverseSequence", ReverseSequence.self, since: 10, inputs: 2...2),
    OperatorEntry("Shape", ShapeOf.self, inputs: 1...1),
    OperatorEntry("Size", SizeOf.self, inputs: 1...1),
    OperatorEntry("Slice", Slice.self, inputs: 1...5),
    OperatorEntry("SpaceToDepth", SpaceToDepth.self, inputs: 1...1),
    OperatorEntry("Split", Split.self, inputs: 1...2, outputs: 1...Int.max),
    OperatorEntry("Squeeze", Squeeze.self, inputs: 1...2),
    OperatorEntry("Tile", Tile.self, inputs: 2...2),
    OperatorEntry("Transpose", Transpose.self, inputs: 1...1),
    OperatorEntry("Trilu", Trilu.self, since: 14, inputs: 1...2),
    OperatorEntry("Unsqueeze", Unsqueeze.self, inputs: 1...2),
  ]
}
