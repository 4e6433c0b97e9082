import MomosModel

/// The element of the second input where the first is true, else that of the third; all three are broadcast.
struct Where: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: [.bool])
    guard inputs[1].elementType == inputs[2].elementType else {
      throw .elementTypesDiffer(inputs.label, [inputs[1].elementType, inputs[2].elementType])
    }
    return [ValueType(inputs[1].elementType, try inputs.broadcastShape())]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call.outputTypes[0].elementType.visitPattern(Selection(call: call))]
  }
}

private struct Selection: PatternVisitor {
  let call: OperatorCall

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let conditions = call[0].bytes.span(of: UInt8.self)
    let lefts = call[1].bytes.span(of: pattern)
    let rights = call[2].bytes.span(of: pattern)
    var walk = BroadcastWalk(operands: (0..<3).map { call[$0].shape.dimensions }, to: type.shape.dimensions)
    return try call.tensor(type, of: pattern, zeroed: false) { (target) throws(RuntimeError) in
      while walk.next() {
        let condition = conditions.extracting(walk.elements(of: 0))
        let left = lefts.extracting(walk.elements(of: 1))
        let right = rights.extracting(walk.elements(of: 2))
        var run = target.part(walk.start..<(walk.start + walk.runLength))
        if walk.steps[0] == 0 {
          copy(condition[0] != 0 ? left : right, to: &run)
        } else {
          select(condition, left, right, &run)
        }
      }
    }
  }

  /// An operand of one element is repeated.
  private func copy<Pattern>(_ source: Span<Pattern>, to target: inout MutableSpan<Pattern>) {
    let step = source.count == target.count ? 1 : 0
    for index in target.indices { target[index] = source[index &* step] }
  }

  private func select<Pattern: FixedWidthInteger & BitwiseCopyable>(
    _ condition: Span<UInt8>, _ left: Span<Pattern>, _ right: Span<Pattern>,
    _ target: inout MutableSpan<Pattern>
  ) {
    let leftStep = left.count == target.count ? 1 : 0
    let rightStep = right.count == target.count ? 1 : 0
    // Without branches, which random conditions would make slow.
    for index in condition.indices {
      let (chosen, other) = (left[index &* leftStep], right[index &* rightStep])
      let mask: Pattern = condition[index] != 0 ? ~0 : 0
      target[index] = other ^ ((chosen ^ other) & mask)
    }
  }
}
