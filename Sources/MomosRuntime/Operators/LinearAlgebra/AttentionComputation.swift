import MomosKernels
import MomosModel

/// The arithmetic of an attention, in float32 or float64: one group of heads after the other.
struct AttentionComputation {
  let call: OperatorCall
  let settings: AttentionSettings
  let query: Tensor
  let keys: Tensor
  let values: Tensor
  let layouts: (query: HeadLayout, key: HeadLayout, value: HeadLayout)
  let visibility: AttentionVisibility
  let wantsScores: Bool

  /// The result, and on request the scores that the fourth output shows.
  func results<Number: RealNumber>(_ number: Number.Type) throws(RuntimeError) -> (Tensor, Tensor?) {
    let layout = layouts.query
    let mask = AttentionMask<Number>(call)
    let groupSize = layout.heads / layouts.key.heads
    // Heads with keys of their own are one batch; those that share keys are one for each group.
    let headCount = groupSize == 1 ? layout.heads : groupSize
    var shown: [Number] = []
    var scores = try call.label.place { () throws(ModelError) in
      let shape = try Shape([headCount, layout.length, layouts.key.length])
      return try MutableBytes(byteCount: shape.elementCount * MemoryLayout<Number>.stride)
    }
    let type = ValueType(query.elementType, call.outputTypes[0].shape)
    let result = try call.tensor(type, of: number, zeroed: false) { (target) throws(RuntimeError) in
      for sample in 0..<layout.batch {
        for head in stride(from: 0, to: layout.heads, by: headCount) {
          var span = scores.mutableSpan(of: number)
          let group = Group(sample: sample, head: head, headCount: headCount, keyHead: head / groupSize)
          try multiplyKeys(group, into: &span)
          weigh(group, mask, &span, &shown)
          try multiplyValues(group, span.span, into: &target)
        }
      }
    }
    guard wantsScores else { return (result, nil) }
    let scoreType = ValueType(query.elementType, call.outputTypes[3].shape)
    let tensor = try call.tensor(scoreType, of: number, zeroed: false) { (target) throws(RuntimeError) in
      for index in target.indices { target[index] = shown[index] }
    }
    return (result, tensor)
  }

  /// Heads of one sample that are computed together.
  private struct Group {
    let sample: Int
    let head: Int
    let headCount: Int
    let keyHead: Int
  }

  /// `[headCount, queries, keys]` products, not scaled.
  private func multiplyKeys<Number: RealNumber>(
    _ group: Group, into scores: inout MutableSpan<Number>
  ) throws(RuntimeError) {
    guard !scores.isEmpty else { return }
    let product = ActivationProduct(
      rows: layouts.query.length, inner: layouts.query.size, columns: layouts.key.length,
      isRightTransposed: true,
      batch: group.headCount, left: .init(rowStride: layouts.query.rowStride, step: layouts.query.step),
      right: .init(rowStride: layouts.key.rowStride, step: step(layouts.key)))
    let start = layouts.query.start(sample: group.sample, head: group.head)
    let keyStart = layouts.key.start(sample: group.sample, head: group.keyHead)
    try multiply(
      product, query.bytes.span(of: Number.self).extracting(start...),
      keys.bytes.span(of: Number.self).extracting(keyStart...), into: &scores)
  }

  private func multiplyValues<Number: RealNumber>(
    _ group: Group, _ scores: Span<Number>, into target: inout MutableSpan<Number>
  ) throws(RuntimeError) {
    guard !target.isEmpty else { return }
    let (heads, size) = (layouts.query, layouts.value.size)
    guard let layout = HeadLayout(call.outputTypes[0].shape, heads: heads.heads) else { return }
    let product = ActivationProduct(
      rows: heads.length, inner: layouts.key.length, columns: size, batch: group.headCount,
      right: .init(rowStride: layouts.value.rowStride, step: step(layouts.value)),
      output: .init(rowStride: layout.rowStride, step: layout.step))
    let valueStart = layouts.value.start(sample: group.sample, head: group.keyHead)
    var results = target.part(layout.start(sample: group.sample, head: group.head)..<target.count)
    try multiply(
      product, scores, values.bytes.span(of: Number.self).extracting(valueStart...), into: &results)
  }

  private func multiply<Number: RealNumber>(
    _ product: ActivationProduct, _ left: Span<Number>, _ right: Span<Number>,
    into target: inout MutableSpan<Number>
  ) throws(RuntimeError) {
    do throws(ModelError) {
      try Number.multiply(product, left, right, into: &target, pool: call.pool)
    } catch {
      throw .model(error, place: call.label.description)
    }
  }

  /// From one head of a group to the next, among keys or values.
  private func step(_ layout: HeadLayout) -> Int {
    layouts.query.heads == layouts.key.heads ? layout.step : 0
  }

  /// Turns products into probabilities, row by row.
  private func weigh<Number: RealNumber>(
    _ group: Group, _ mask: AttentionMask<Number>?, _ scores: inout MutableSpan<Number>,
    _ shown: inout [Number]
  ) {
    let (length, width) = (layouts.query.length, layouts.key.length)
    let scale = settings.scale.map { Number($0) } ?? 1 / Number(max(layouts.query.size, 1)).squareRoot()
    let cap = Number(settings.cap)
    for row in 0..<group.headCount * length {
      var values = scores.part(row * width..<(row + 1) * width)
      for index in values.indices { values[index] *= scale }
      show(values.span, .products, &shown)
      if cap > 0 {
        for index in values.indices { values[index] = cap * Number.hyperbolicTangent(values[index] / cap) }
      }
      show(values.span, .capped, &shown)
      let (head, position) = row.quotientAndRemainder(dividingBy: length)
      var visible = visibility.keys(sample: group.sample, query: position)
      if let mask {
        visible = visible.clamped(to: 0..<mask.width)
        let isVisible = mask.add(
          sample: group.sample, head: group.head + head, query: position, visible, to: &values)
        if !isVisible { visible = 0..<0 }
      }
      fill(&values, outside: visible, -Number.infinity)
      show(values.span, .biased, &shown)
      if !visible.isEmpty {
        var kept = values.part(visible)
        Number.softmax(&kept)
      }
      fill(&values, outside: visible, 0)
      show(values.span, .probabilities, &shown)
    }
  }

  private func fill<Number: RealNumber>(
    _ row: inout MutableSpan<Number>, outside visible: Range<Int>, _ value: Number
  ) {
    for index in 0..<visible.lowerBound { row[index] = value }
    for index in visible.upperBound..<row.count { row[index] = value }
  }

  private func show<Number: RealNumber>(
    _ row: Span<Number>, _ stage: AttentionSettings.Scores, _ shown: inout [Number]
  ) {
    guard wantsScores, settings.scores == stage else { return }
    for index in row.indices { shown.append(row[index]) }
  }
}

/// What is added to the scores: a mask that broadcasts to `[batch, heads, queries, width]`.
private struct AttentionMask<Number: RealNumber> {
  /// Keys beyond it are hidden.
  let width: Int
  private let values: [Number]
  /// Distances in `values` of samples, heads, queries and keys; 0 where the mask is repeated.
  private let strides: [Int]

  /// nil if the call has no mask.
  init?(_ call: OperatorCall) {
    guard let mask = call.optional(3) else { return nil }
    if mask.elementType == .bool {
      values = (mask.integers() ?? []).map { $0 == 0 ? -Number.infinity : 0 }
    } else if mask.elementType == .float64 {
      values = mask.bytes.array(of: Double.self).map { Number($0) }
    } else {
      values = mask.floats().map { Number($0) }
    }
    width = mask.shape.dimensions.last ?? 0
    let dimensions = Array(repeating: 1, count: 4 - mask.shape.rank) + mask.shape.dimensions
    var strides = [0, 0, 0, 0]
    var stride = 1
    for axis in (0..<4).reversed() {
      strides[axis] = dimensions[axis] == 1 ? 0 : stride
      stride *= dimensions[axis]
    }
    self.strides = strides
  }

  /// Adds a row to scores; false if it hides every one of the keys.
  func add(sample: Int, head: Int, query: Int, _ keys: Range<Int>, to scores: inout MutableSpan<Number>)
    -> Bool
  {
    let start = sample * strides[0] + head * strides[1] + query * strides[2]
    var isVisible = false
    for key in keys {
      let value = values[start + key * strides[3]]
      scores[key] += value
      if value > -Number.infinity || value.isNaN { isVisible = true }
    }
    return isVisible
  }
}
