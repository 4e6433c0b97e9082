import MomosModel

/// The determinant of every square matrix in the last two axes; 1 for a matrix without elements.
///
/// By Gaussian elimination with the largest pivots, in float64.
struct Determinant: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    let dimensions = inputs[0].shape.dimensions
    guard dimensions.count >= 2, dimensions[dimensions.count - 1] == dimensions[dimensions.count - 2] else {
      throw inputs.mismatch(expected: "square matrices")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions.dropLast(2)))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let size = call[0].shape.dimensions.last ?? 0
    let matrices = try call.cast(call[0], to: .float64)
    let source = matrices.bytes.span(of: Double.self)
    let count = type.shape.elementCount
    let matrixType = ValueType(.float64, try call.shape([size, size]))
    let results = try call.tensor(ValueType(.float64, type.shape), of: Double.self) {
      (target) throws(RuntimeError) in
      // One matrix at a time is copied and eliminated.
      _ = try call.tensor(matrixType, of: Double.self) { (matrix) throws(RuntimeError) in
        for number in 0..<count {
          for index in matrix.indices { matrix[index] = source[number * size * size + index] }
          target[number] = eliminated(&matrix, size)
        }
      }
    }
    return [try call.cast(results, to: type.elementType)]
  }

  /// The determinant of `[size, size]`, whose elements are overwritten.
  private func eliminated(_ matrix: inout MutableSpan<Double>, _ size: Int) -> Double {
    var determinant = 1.0
    for step in 0..<size {
      var pivot = step
      for row in step..<size where matrix[row * size + step].magnitude > matrix[pivot * size + step].magnitude
      {
        pivot = row
      }
      if pivot != step {
        determinant = -determinant
        for column in 0..<size { matrix.swapAt(pivot * size + column, step * size + column) }
      }
      let head = matrix[step * size + step]
      determinant *= head
      guard head != 0 else { return determinant }
      for row in (step + 1)..<max(size, step + 1) {
        let factor = matrix[row * size + step] / head
        for column in step..<size { matrix[row * size + column] -= factor * matrix[step * size + column] }
      }
    }
    return determinant
  }
}
