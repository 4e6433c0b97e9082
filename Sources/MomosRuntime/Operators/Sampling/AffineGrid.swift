import MomosModel

/// The grid `[N, out..., axes]` for GridSample whose places are those of a regular grid, transformed by matrices
/// `[N, axes, axes + 1]`; two or three axes.
struct AffineGrid: Float64Operator {
  private let alignsCorners: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alignsCorners = try context.attributes.flag("align_corners", default: false)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    let sizes = try inputs.integers(1)
    let axisCount = sizes.count - 2
    guard axisCount == 2 || axisCount == 3,
      inputs[0].shape.dimensions == [sizes[0], axisCount, axisCount + 1]
    else { throw inputs.mismatch(expected: "[N, 2, 3] and four sizes, or [N, 3, 4] and five") }
    let dimensions = [sizes[0]] + sizes.dropFirst(2) + [axisCount]
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let sizes = Array(type.shape.dimensions.dropFirst().dropLast())
    let count = sizes.reduce(1, *)
    let matrices = call[0].bytes.span(of: Double.self)
    return [
      try call.tensor(type, of: Double.self) { (target) throws(RuntimeError) in
        guard type.shape.elementCount > 0 else { return }
        for index in 0..<(type.shape[0] * count) {
          let (image, position) = index.quotientAndRemainder(dividingBy: count)
          var place: [Double] = []
          var rest = position
          for size in sizes.reversed() {
            place.append(coordinate(rest % size, of: size))
            rest /= size
          }
          place.append(1)
          for row in sizes.indices {
            let start = (image * sizes.count + row) * place.count
            var sum = 0.0
            for column in place.indices { sum += matrices[start + column] * place[column] }
            target[index * sizes.count + row] = sum
          }
        }
      }
    ]
  }

  private func coordinate(_ position: Int, of size: Int) -> Double {
    guard alignsCorners else { return (2 * Double(position) + 1) / Double(size) - 1 }
    return size > 1 ? 2 * Double(position) / Double(size - 1) - 1 : 0
  }
}
