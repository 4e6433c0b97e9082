import MomosModel

/// The position of the largest or smallest element along an axis, int64: the first one, or with `select_last_index`
/// the last. A NaN counts as beyond every number.
protocol PositionOfExtremum: Operator {
  static var takesLargest: Bool { get }
  var search: ExtremumSearch { get }
  init(search: ExtremumSearch)
}

struct ArgMax: PositionOfExtremum {
  static let takesLargest = true
  let search: ExtremumSearch
}

struct ArgMin: PositionOfExtremum {
  static let takesLargest = false
  let search: ExtremumSearch
}

extension PositionOfExtremum {
  init(_ context: inout OperatorContext) throws(RuntimeError) {
    self.init(search: try ExtremumSearch(&context, takesLargest: Self.takesLargest))
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try search.inferOutputs(inputs)
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] { [try search.positions(call)] }
}

/// What both do.
struct ExtremumSearch: Sendable {
  private let takesLargest: Bool
  private let axis: Int
  private let keepsAxis: Bool
  private let takesLast: Bool

  init(_ context: inout OperatorContext, takesLargest: Bool) throws(RuntimeError) {
    self.takesLargest = takesLargest
    axis = try context.attributes.int("axis", default: 0)
    keepsAxis = try context.attributes.flag("keepdims", default: true)
    takesLast =
      context.version >= 12 ? try context.attributes.flag("select_last_index", default: false) : false
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.numbers)
    var dimensions = inputs[0].shape.dimensions
    let axis = try inputs.resolved(axis: axis, rank: dimensions.count)
    let length = dimensions[axis]
    dimensions[axis] = 1
    guard length > 0 || dimensions.contains(0) else {
      throw inputs.mismatch(expected: "at least one element along axis \(axis)")
    }
    if !keepsAxis { dimensions.remove(at: axis) }
    return [ValueType(.int64, try inputs.shape(dimensions))]
  }

  func positions(_ call: OperatorCall) throws(RuntimeError) -> Tensor {
    let axis = axis < 0 ? axis + call[0].shape.rank : axis
    let slices = AxisSlices(call[0].shape, axes: axis..<(axis + 1))
    let keys = OrderedKeys(call[0], takesLargest: takesLargest)
    var memory = try call.memory(call.outputTypes[0])
    var target = memory.elements(of: Int64.self)
    guard !target.isEmpty else { return memory.tensor() }
    if slices.stride == 1 {
      searchRows(keys, slices, &target)
    } else {
      searchColumns(keys, slices, &target)
    }
    return memory.tensor()
  }

  /// One slice after the other.
  private func searchRows(_ keys: OrderedKeys, _ slices: AxisSlices, _ target: inout MutableSpan<Int64>) {
    var buffer = [Int64](repeating: 0, count: min(OrderedKeys.pieceLength, slices.length))
    var piece = buffer.mutableSpan
    for slice in target.indices {
      let start = slices.start(of: slice)
      var best = (key: Int64.min, position: 0)
      for first in stride(from: 0, to: slices.length, by: piece.count) {
        var part = piece.part(0..<min(piece.count, slices.length - first))
        keys.write(from: start + first, stride: 1, to: &part)
        best = later(part.span, first, than: best)
      }
      target[slice] = Int64(best.position)
    }
  }

  /// Neighbouring slices side by side, in the order of memory.
  private func searchColumns(_ keys: OrderedKeys, _ slices: AxisSlices, _ target: inout MutableSpan<Int64>) {
    let width = min(OrderedKeys.pieceLength, slices.stride)
    var (buffer, bestKeys) = ([Int64](repeating: 0, count: width), [Int64](repeating: 0, count: width))
    var piece = buffer.mutableSpan
    var bests = bestKeys.mutableSpan
    for first in stride(from: 0, to: slices.count, by: slices.stride) {
      for column in stride(from: 0, to: slices.stride, by: width) {
        let count = min(width, slices.stride - column)
        var places = target.part((first + column)..<(first + column + count))
        var part = piece.part(0..<count)
        let start = slices.start(of: first + column)
        keys.write(from: start, stride: 1, to: &part)
        for index in part.indices { (bests[index], places[index]) = (part[index], 0) }
        for position in 1..<slices.length {
          keys.write(from: start + position * slices.stride, stride: 1, to: &part)
          for index in part.indices {
            if takesLast ? part[index] >= bests[index] : part[index] > bests[index] {
              (bests[index], places[index]) = (part[index], Int64(position))
            }
          }
        }
      }
    }
  }

  /// The best of a position and those with the given keys, which come after it.
  private func later(
    _ keys: Span<Int64>, _ first: Int, than best: (key: Int64, position: Int)
  ) -> (key: Int64, position: Int) {
    var (key, position) = best
    var index = 0
    while index < keys.count {
      // Four at a time, few of which are better.
      if !takesLast, index + 4 <= keys.count,
        max(max(keys[index], keys[index + 1]), max(keys[index + 2], keys[index + 3])) <= key
      {
        index += 4
        continue
      }
      if takesLast ? keys[index] >= key : keys[index] > key { (key, position) = (keys[index], first + index) }
      index += 1
    }
    return (key, position)
  }
}
