import MomosKernels
import MomosModel

/// How zero points and scales of quantized matrices are arranged: one for the matrix, or one for each row or column.
enum MatrixParameter {
  case rows, columns

  /// The shape to which a parameter of `[..., M, K]` or `[..., K, N]` is taken, so that it broadcasts: a vector for rows
  /// stands upright.
  func shape(of parameter: Shape, for matrix: Shape) -> [Int] {
    let dimensions = parameter.dimensions
    guard self == .rows, dimensions.count == 1, dimensions[0] != 1, matrix.rank >= 2 else {
      return dimensions
    }
    return dimensions + [1]
  }

  /// Refuses a parameter that is not one for the matrix or for each of its rows or columns.
  func check(_ position: Int, of matrixPosition: Int, _ inputs: InputTypes) throws(RuntimeError) {
    guard let parameter = inputs.optional(position)?.shape else { return }
    let matrix = inputs[matrixPosition].shape
    let dimensions = shape(of: parameter, for: matrix)
    let padded = Array(repeating: 1, count: max(matrix.rank - dimensions.count, 0)) + dimensions
    let inner = matrix.rank - (self == .rows ? 1 : 2)
    guard Broadcasting.dimensions([padded, matrix.dimensions]) == matrix.dimensions,
      parameter.elementCount == 1 || (matrix.rank >= 2 && padded[inner] == 1)
    else {
      let kind = self == .rows ? "row" : "column"
      throw .shapes(
        inputs.label,
        expected: "one element, or one for each \(kind) of input \(matrixPosition), as input \(position)",
        found: [matrix, parameter])
    }
  }
}

extension OperatorCall {
  /// The elements minus a zero point that is broadcast to them, in float32, which holds the difference exactly.
  /// - Parameter dimensions: the shape as which the zero point is taken.
  func centered(_ tensor: Tensor, _ zeroPoint: Tensor?, as dimensions: [Int]?) throws(RuntimeError) -> Tensor
  {
    let wide = try cast(tensor, to: .float32)
    guard let zeroPoint, let dimensions else { return wide }
    let zeros = try cast(zeroPoint, to: .float32).reshaped(to: shape(dimensions))
    return try combined(wide, zeros, wide.shape, .subtract)
  }

  /// A quantized matrix minus its zero point, if it has one, in float32.
  func centeredMatrix(
    _ position: Int, zeroPoint: Int, _ kind: MatrixParameter
  ) throws(RuntimeError) -> Tensor {
    let zeros = optional(zeroPoint)
    let dimensions = zeros.map { kind.shape(of: $0.shape, for: self[position].shape) }
    return try centered(self[position], zeros, as: dimensions)
  }

  /// A parameter in float32, as the shape that broadcasts.
  func parameter(
    _ position: Int, _ kind: MatrixParameter, of matrixPosition: Int
  ) throws(RuntimeError) -> Tensor {
    let tensor = self[position]
    let dimensions = kind.shape(of: tensor.shape, for: self[matrixPosition].shape)
    return try cast(tensor, to: .float32).reshaped(to: shape(dimensions))
  }

  /// Calls `body` with memory for an integer product: for the products of a block, and scratch.
  func withScratch(
    for product: IntegerProduct,
    _ body: (inout MutableSpan<Float>, inout MutableSpan<Float>) throws(RuntimeError) -> Void
  ) throws(RuntimeError) {
    let productType = ValueType(.float32, try shape([product.productCount]))
    let scratchType = ValueType(.float32, try shape([product.scratchCount(pool: pool)]))
    _ = try tensor(productType, of: Float.self, zeroed: false) { (products) throws(RuntimeError) in
      _ = try tensor(scratchType, of: Float.self, zeroed: false) { (scratch) throws(RuntimeError) in
        try body(&products, &scratch)
      }
    }
  }

  /// The product of two stacks of centered matrices, as `numpy.matmul`, in int32; sums wrap.
  func integerProduct(_ left: Tensor, _ right: Tensor, shape: Shape) throws(RuntimeError) -> Tensor {
    guard let stack = StackedProduct(left.shape.dimensions, right.shape.dimensions) else {
      preconditionFailure("refused by inference")
    }
    let product = IntegerProduct(
      rows: stack.product.rows, inner: stack.product.inner, columns: stack.product.columns,
      isRightTransposed: false)
    let (leftCount, rightCount) = (product.rows * product.inner, product.inner * product.columns)
    let lefts = left.bytes.span(of: Float.self)
    let rights = right.bytes.span(of: Float.self)
    return try tensor(ValueType(.int32, shape), of: Int32.self) { (target) throws(RuntimeError) in
      guard shape.elementCount > 0 else { return }
      try withScratch(for: product) { (products, scratch) throws(RuntimeError) in
        stack.forEachProduct { leftStart, rightStart, targetStart in
          var matrix = target.part(targetStart..<(targetStart + product.productCount))
          product.add(
            lefts.extracting(leftStart..<(leftStart + leftCount)),
            rights.extracting(rightStart..<(rightStart + rightCount)), to: &matrix,
            rowStride: product.columns,
            products: &products, scratch: &scratch, pool: pool)
        }
      }
    }
  }
}
