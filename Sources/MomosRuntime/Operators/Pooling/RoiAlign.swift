import Glibc
import MomosModel

/// Means, or largest values, of samples between the elements of the cells of regions `[left, top, right, bottom]` of
/// `[N, C, height, width]`.
struct RoiAlign: Float64Operator {
  /// Samples along one axis of a cell.
  private static let sampleLimit = 1 << 16
  /// Samples along one axis of all cells.
  private static let totalLimit = 1 << 24

  private let cells: [Int]
  private let isMaximum: Bool
  private let sampleCount: Int
  private let scale: Float
  /// Whether coordinates are those of the borders of elements rather than of their centres.
  private let isHalfPixel: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    var cells: [Int] = []
    for name in ["output_height", "output_width"] {
      let size = try context.attributes.int(name, default: 1)
      guard size > 0 else {
        throw .attributeValue(context.label, attribute: name, expected: "1 or more", found: "\(size)")
      }
      cells.append(size)
    }
    self.cells = cells
    isMaximum = try context.attributes.choice("mode", of: ["avg", "max"]) == "max"
    sampleCount = try context.attributes.int("sampling_ratio", default: 0)
    guard (0...Self.sampleLimit).contains(sampleCount) else {
      throw .attributeValue(
        context.label, attribute: "sampling_ratio", expected: "0 to \(Self.sampleLimit)",
        found: "\(sampleCount)")
    }
    scale = try context.attributes.float("spatial_scale", default: 1)
    let modes = ["half_pixel", "output_half_pixel"]
    isHalfPixel =
      context.version < 16
      ? false
      : try context.attributes.choice("coordinate_transformation_mode", of: modes) == "half_pixel"
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    for position in 0...1 { try inputs.require(position, in: ElementType.floatingPoint) }
    try inputs.require(2, in: [.int64])
    let (input, regions) = (inputs[0].shape, inputs[1].shape)
    guard input.rank == 4, regions.rank == 2, regions[1] == 4, inputs[2].shape.dimensions == [regions[0]],
      !input.dimensions[2...].contains(0)
    else { throw inputs.mismatch(expected: "[N, C, height, width], [regions, 4] and [regions]") }
    return [ValueType(inputs[0].elementType, try inputs.shape([regions[0], input[1]] + cells))]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let values = call[0].bytes.span(of: Double.self)
    let regions = call[1].bytes.span(of: Double.self)
    let images = call[2].bytes.span(of: Int64.self)
    return [
      try call.tensor(call.outputTypes[0], of: Double.self) { (target) throws(RuntimeError) in
        var output = 0
        for region in images.indices {
          guard images[region] >= 0, images[region] < shape[0] else {
            throw .indexOutOfRange(call.label, index: Int(images[region]), count: shape[0])
          }
          let ends = (0..<4).map { regions[region * 4 + $0] * Double(scale) }
          let rows = try samples(from: ends[1], to: ends[3], cells: cells[0], size: shape[2], call)
          let columns = try samples(from: ends[0], to: ends[2], cells: cells[1], size: shape[3], call)
          for channel in 0..<shape[1] {
            let start = (Int(images[region]) * shape[1] + channel) * shape[2] * shape[3]
            let plane = values.extracting(start..<(start + shape[2] * shape[3]))
            for rowSamples in rows {
              for columnSamples in columns {
                target[output] = value(plane, rowSamples, columnSamples, width: shape[3])
                output += 1
              }
            }
          }
        }
      }
    ]
  }

  private func value(
    _ plane: Span<Double>, _ rows: [LinearSample], _ columns: [LinearSample], width: Int
  ) -> Double {
    var sum = 0.0
    var largest = -Double.infinity
    for row in rows {
      for column in columns {
        let taps = row.taps.flatMap { tap in
          column.taps.map { tap.weight * $0.weight * plane[tap.offset * width + $0.offset] }
        }
        sum += taps.reduce(0, +)
        largest = max(largest, taps.max() ?? 0)
      }
    }
    let count = rows.count * columns.count
    return count == 0 ? 0 : isMaximum ? largest : sum / Double(count)
  }

  /// The samples of every cell along an axis.
  private func samples(
    from start: Double, to end: Double, cells: Int, size: Int, _ call: OperatorCall
  ) throws(RuntimeError) -> [[LinearSample]] {
    let first = isHalfPixel ? start - 0.5 : start
    let length = isHalfPixel ? end - start : max(end - start, 1)
    let cellLength = length / Double(cells)
    let count = sampleCount > 0 ? Double(sampleCount) : max(ceil(cellLength), 0)
    guard first.isFinite, count <= Double(Self.sampleLimit), count * Double(cells) <= Double(Self.totalLimit)
    else {
      throw .inputValue(
        call.label, position: 1, expected: "regions of at most \(Self.sampleLimit) elements for each cell",
        found: "\(start) to \(end)")
    }
    return (0..<cells).map { cell in
      (0..<Int(count)).map { sample in
        LinearSample(
          at: first + Double(cell) * cellLength + (Double(sample) + 0.5) * cellLength / count, size: size)
      }
    }
  }
}

/// A value between two elements of an axis; nothing if it lies more than one element outside.
private struct LinearSample {
  private(set) var taps: [SamplingTap] = []

  init(at position: Double, size: Int) {
    guard position >= -1, position <= Double(size) else { return }
    let inside = min(max(position, 0), Double(size - 1))
    let low = min(Int(inside), size - 1)
    let high = min(low + 1, size - 1)
    let weight = inside - Double(low)
    taps = [SamplingTap(offset: low, weight: 1 - weight), SamplingTap(offset: high, weight: weight)]
  }
}
