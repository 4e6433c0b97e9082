import MomosModel

/// For every sample and class the boxes of the highest scores, without those that overlap a box chosen before by more
/// than a threshold: int64 `[count, 3]` of sample, class and box.
struct NonMaxSuppression: Operator {
  private let hasCenters: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    hasCenters = try context.attributes.flag("center_point_box", default: false)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: [.float32])
    try inputs.require(1, in: [.float32])
    try inputs.require(2, in: [.int64])
    try inputs.require(3, in: [.float32])
    try inputs.require(4, in: [.float32])
    let (boxes, scores) = (inputs[0].shape, inputs[1].shape)
    guard boxes.rank == 3, scores.rank == 3, boxes[2] == 4, boxes[0] == scores[0], boxes[1] == scores[2]
    else {
      throw inputs.mismatch(expected: "boxes [N, count, 4] and scores [N, classes, count]")
    }
    for position in 2..<5 {
      if let limit = inputs.optional(position), limit.shape.elementCount != 1 {
        throw inputs.mismatch(expected: "one element in input \(position)")
      }
    }
    let count = try chosen(inputs).count
    return [ValueType(.int64, try inputs.shape([count, 3]))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let chosen = try chosen(call.inputTypes)
    return [
      try call.tensor(call.outputTypes[0], of: Int64.self, zeroed: false) { (target) throws(RuntimeError) in
        for (number, box) in chosen.enumerated() {
          for member in 0..<3 { target[3 * number + member] = Int64(box[member]) }
        }
      }
    ]
  }

  private func chosen(_ inputs: InputTypes) throws(RuntimeError) -> [[Int]] {
    let limit = inputs.optional(2) == nil ? 0 : try inputs.integers(2)[0]
    let overlap = inputs.optional(3) == nil ? 0 : try inputs.value(3).floats()[0]
    let leastScore = inputs.optional(4) == nil ? -Float.infinity : try inputs.value(4).floats()[0]
    let (boxes, scores) = (try inputs.value(0), try inputs.value(1))
    let (classCount, boxCount) = (scores.shape[1], scores.shape[2])
    var chosen: [[Int]] = []
    guard limit > 0, scores.elementCount > 0 else { return chosen }
    for sample in 0..<scores.shape[0] {
      let coordinates = boxes.floats(in: sample * boxCount * 4..<(sample + 1) * boxCount * 4)
      let all = (0..<boxCount).map { Box(coordinates[4 * $0..<4 * $0 + 4], hasCenters: hasCenters) }
      for number in 0..<classCount {
        let start = (sample * classCount + number) * boxCount
        let values = scores.floats(in: start..<start + boxCount)
        let order = values.indices.filter { values[$0] > leastScore }
          .sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
        var kept: [Int] = []
        for box in order where kept.count < limit {
          if kept.allSatisfy({ all[$0].overlap(all[box]) <= overlap }) { kept.append(box) }
        }
        chosen += kept.map { [sample, number, $0] }
      }
    }
    return chosen
  }
}

private struct Box {
  let top, left, bottom, right: Float

  /// - Parameter numbers: two corners as (y, x) or, with `hasCenters`, center and size as (x, y).
  init(_ numbers: ArraySlice<Float>, hasCenters: Bool) {
    let numbers = Array(numbers)
    if hasCenters {
      (left, right) = (numbers[0] - numbers[2] / 2, numbers[0] + numbers[2] / 2)
      (top, bottom) = (numbers[1] - numbers[3] / 2, numbers[1] + numbers[3] / 2)
    } else {
      (top, bottom) = (min(numbers[0], numbers[2]), max(numbers[0], numbers[2]))
      (left, right) = (min(numbers[1], numbers[3]), max(numbers[1], numbers[3]))
    }
  }

  private var area: Float { (bottom - top) * (right - left) }

  /// What both share as a part of what either covers.
  func overlap(_ other: Box) -> Float {
    let height = min(bottom, other.bottom) - max(top, other.top)
    let width = min(right, other.right) - max(left, other.left)
    guard height > 0, width > 0 else { return 0 }
    return height * width / (area + other.area - height * width)
  }
}
