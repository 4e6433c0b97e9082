import MomosModel

/// Dense products of matrices none of which is a weight of the model.
///
/// Sums run over the inner dimension in ascending order.
struct MatrixProduct {
  let rows: Int
  let inner: Int
  let columns: Int

  /// Adds `left [rows, inner]` times `right [inner, columns]` to `target [rows, columns]`; each lies in its span
  /// from the given start on.
  func add<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ left: Span<Number>, from leftStart: Int, _ right: Span<Number>, from rightStart: Int,
    to target: inout MutableSpan<Number>, from targetStart: Int
  ) {
    for row in 0..<rows {
      var targetRow = target.part(
        (targetStart + row * columns)..<(targetStart + (row + 1) * columns))
      for step in 0..<inner {
        let factor = left[leftStart + row * inner + step]
        let rightRow = right.extracting((rightStart + step * columns)..<(rightStart + (step + 1) * columns))
        for column in rightRow.indices { targetRow[column] += factor * rightRow[column] }
      }
    }
  }
}

extension OperatorCall {
  /// `input` times the transpose of a weight matrix: `[..., columns]` to `[..., rows]`, in float32.
  ///
  /// - Parameter shape: of the result.
  func product(_ input: Tensor, _ weight: LinearWeight, shape: Shape) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: Float.self)
    let batch = shape.elementCount / max(weight.rows, 1)
    return try tensor(ValueType(.float32, shape), of: Float.self) { (target) throws(RuntimeError) in
      guard shape.elementCount > 0 else { return }
      do throws(ModelError) {
        try weight.multiply(values, batch: batch, into: &target, pool: pool)
      } catch {
        throw .model(error, place: label.description)
      }
    }
  }
}
