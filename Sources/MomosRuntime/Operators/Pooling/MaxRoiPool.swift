import Glibc
import MomosModel

/// The largest elements of the cells of regions `[image, left, top, right, bottom]` of `[N, C, height, width]`; 0 for an
/// empty cell.
struct MaxRoiPool: Float64Operator {
  private let cells: [Int]
  private let scale: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    guard let cells = try context.sizes("pooled_shape", from: 1) else {
      throw .missingAttribute(context.label, attribute: "pooled_shape")
    }
    guard cells.count == 2 else {
      throw .attributeValue(
        context.label, attribute: "pooled_shape", expected: "two numbers", found: "\(cells)")
    }
    self.cells = cells
    scale = try context.attributes.float("spatial_scale", default: 1)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    let (input, regions) = (inputs[0].shape, inputs[1].shape)
    guard input.rank == 4, regions.rank == 2, regions[1] == 5 else {
      throw inputs.mismatch(expected: "[N, C, height, width] and [regions, 5]")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape([regions[0], input[1]] + cells))]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let values = call[0].bytes.span(of: Double.self)
    let regions = call[1].bytes.span(of: Double.self)
    return [
      try call.tensor(call.outputTypes[0], of: Double.self) { (target) throws(RuntimeError) in
        var output = 0
        for region in 0..<call[1].shape[0] {
          let numbers = (0..<5).map { regions[region * 5 + $0] }
          guard let image = Int(exactly: numbers[0].rounded(.towardZero)), (0..<shape[0]).contains(image)
          else { throw .indexOutOfRange(call.label, index: Int(clampedDouble: numbers[0]), count: shape[0]) }
          let rows = ranges(from: numbers[2], to: numbers[4], cells: cells[0], size: shape[2])
          let columns = ranges(from: numbers[1], to: numbers[3], cells: cells[1], size: shape[3])
          for channel in 0..<shape[1] {
            let plane = (image * shape[1] + channel) * shape[2]
            for rowRange in rows {
              for columnRange in columns {
                var largest = -Double.infinity
                for row in rowRange {
                  for column in columnRange {
                    largest = max(largest, values[(plane + row) * shape[3] + column])
                  }
                }
                target[output] = rowRange.isEmpty || columnRange.isEmpty ? 0 : largest
                output += 1
              }
            }
          }
        }
      }
    ]
  }

  /// The positions of an axis that belong to each cell.
  private func ranges(from start: Double, to end: Double, cells: Int, size: Int) -> [Range<Int>] {
    let first = (start * Double(scale)).rounded(.toNearestOrAwayFromZero)
    let last = (end * Double(scale)).rounded(.toNearestOrAwayFromZero)
    let length = max(last - first + 1, 1) / Double(cells)
    return (0..<cells).map { cell in
      let low = min(max(floor(Double(cell) * length) + first, 0), Double(size))
      let high = min(max(ceil(Double(cell + 1) * length) + first, 0), Double(size))
      return low < high ? Int(low)..<Int(high) : 0..<0
    }
  }
}

extension Int {
  /// The nearest integer there is; 0 for what is no number.
  init(clampedDouble number: Double) {
    self = number.isNaN ? 0 : Int(exactly: number.rounded(.towardZero)) ?? (number < 0 ? Int.min : Int.max)
  }
}
