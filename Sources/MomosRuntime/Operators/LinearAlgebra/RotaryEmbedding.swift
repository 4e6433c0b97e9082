import MomosModel

/// Pairs of the elements of every head, turned by an angle of their position: (x, y) becomes
/// (cos x - sin y, sin x + cos y).
///
/// Pairs are neighbours with `interleaved`, else an element of the first half and one of the second; elements behind
/// `rotary_embedding_dim` stay. float16 and bfloat16 are computed in float32 and rounded.
struct RotaryEmbedding: Operator {
  private let headCount: Int
  private let rotatedSize: Int
  private let isInterleaved: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    headCount = try context.attributes.int("num_heads", default: 0)
    rotatedSize = try context.attributes.int("rotary_embedding_dim", default: 0)
    isInterleaved = try context.attributes.flag("interleaved", default: false)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.require(3, in: [.int64])
    try inputs.requireEqualElementTypes(at: [0, 1, 2])
    guard let heads = HeadLayout(inputs[0].shape, heads: headCount) else {
      throw inputs.mismatch(
        expected: "[batch, heads, length, size], or three axes of which num_heads divides the last")
    }
    let rotated = rotatedSize == 0 ? heads.size : rotatedSize
    guard rotated >= 0, rotated <= heads.size, rotated.isMultiple(of: 2) else {
      throw inputs.mismatch(expected: "an even number of turned elements of \(heads.size), not \(rotated)")
    }
    let angles = inputs[1].shape.dimensions
    let expected = [heads.batch, heads.length]
    let isFitting =
      if let positions = inputs.optional(3) {
        positions.shape.dimensions == expected && angles.count == 2 && angles[1] == rotated / 2
      } else {
        angles == expected + [rotated / 2]
      }
    guard isFitting, inputs[1].shape == inputs[2].shape else {
      throw inputs.mismatch(expected: "\(rotated / 2) cosines and sines for each position")
    }
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    if let empty = try call.emptyTensor(call.outputTypes[0]) { return [empty] }
    let elementType = call[0].elementType
    let arithmetic = elementType.arithmetic
    guard let heads = HeadLayout(call[0].shape, heads: headCount) else {
      preconditionFailure("refused by inference")
    }
    let rows =
      call.optional(3) == nil
      ? Array(0..<heads.batch * heads.length) : try call.indices(3, on: call[1].shape[0])
    let rotation = Rotation(
      call: call, input: try call.cast(call[0], to: arithmetic),
      cosines: try call.cast(call[1], to: arithmetic),
      sines: try call.cast(call[2], to: arithmetic),
      rows: rows, heads: heads, pairCount: (rotatedSize == 0 ? heads.size : rotatedSize) / 2,
      isInterleaved: isInterleaved)
    let result =
      arithmetic == .float64 ? try rotation.turned(Double.self) : try rotation.turned(Float.self)
    return [try call.cast(result, to: elementType)]
  }
}

private struct Rotation {
  let call: OperatorCall
  let input: Tensor
  let cosines: Tensor
  let sines: Tensor
  /// The row of angles of every position of every sample.
  let rows: [Int]
  let heads: HeadLayout
  let pairCount: Int
  let isInterleaved: Bool

  func turned<Number: RealNumber>(_ number: Number.Type) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: number)
    let (cosines, sines) = (self.cosines.bytes.span(of: number), self.sines.bytes.span(of: number))
    var memory = try call.memory(input.type)
    var target = memory.elements(of: number)
    for (number, row) in rows.enumerated() {
      let (sample, position) = number.quotientAndRemainder(dividingBy: heads.length)
      let angles = row * pairCount..<(row + 1) * pairCount
      let (cosines, sines) = (cosines.extracting(angles), sines.extracting(angles))
      for head in 0..<heads.heads {
        let start = heads.start(sample: sample, head: head) + position * heads.rowStride
        let source = values.extracting(start..<(start + heads.size))
        var result = target.part(start..<(start + heads.size))
        for pair in 0..<pairCount {
          let first = isInterleaved ? 2 * pair : pair
          let second = isInterleaved ? first + 1 : pair + pairCount
          result[first] = cosines[pair] * source[first] - sines[pair] * source[second]
          result[second] = sines[pair] * source[first] + cosines[pair] * source[second]
        }
        for index in 2 * pairCount..<heads.size { result[index] = source[index] }
      }
    }
    return memory.tensor()
  }
}
