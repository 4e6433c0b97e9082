import CMomosKernels

/// Cholesky's lower factor L of a symmetric matrix, a = L L', in float64 and in an order that depends neither on the
/// thread count nor on the instruction set.
struct TriangularFactor: Sendable {
  /// The first column whose pivot is not positive.
  struct NotPositiveDefinite: Error {
    let column: Int
  }

  let order: Int
  /// L `[order, order]`; what lies above the diagonal has no meaning.
  private(set) var lower: [Double]
  /// The inverses of the blocks on the diagonal, each `[width, width]`, `block * block` numbers apart.
  private var inverses: [Double]

  private static let block = 128

  /// - Parameter matrix: `[order, order]`; of each pair the element below the diagonal is read.
  init(factoring matrix: [Double], order: Int, pool: ThreadPool) throws(NotPositiveDefinite) {
    let block = Self.block
    self.order = order
    lower = matrix
    inverses = [Double](repeating: 0, count: (order + block - 1) / block * block * block)
    var panel = [Double](repeating: 0, count: order * block)
    var negative = [Double](repeating: 0, count: order * block)
    for start in stride(from: 0, to: order, by: block) {
      let width = min(block, order - start)
      let rest = order - start - width
      var done = 0
      unsafe lower.withUnsafeMutableBufferPointer { lower in
        unsafe inverses.withUnsafeMutableBufferPointer { inverses in
          unsafe panel.withUnsafeMutableBufferPointer { panel in
            unsafe negative.withUnsafeMutableBufferPointer { negative in
              let inverse = unsafe inverses.baseAddress! + start * block
              let corner = unsafe lower.baseAddress! + start * (order + 1)
              done = unsafe momos_factor_block(corner, order, width, inverse)
              guard done == width, rest > 0 else { return }
              let step = unsafe Step(
                corner: corner, inverse: inverse, panel: panel.baseAddress!, negative: negative.baseAddress!,
                order: order, width: width, rest: rest)
              unsafe step.run(pool: pool)
            }
          }
        }
      }
      guard done == width else { throw NotPositiveDefinite(column: start + done) }
    }
  }

  /// L^-1 with both axes reversed, in float32: upper triangular, zero below the diagonal.
  func reversedInverse(pool: ThreadPool) -> [Float] {
    let block = Self.block
    var result = [Float](repeating: 0, count: order * order)
    unsafe result.withUnsafeMutableBufferPointer { result in
      unsafe lower.withUnsafeBufferPointer { lower in
        unsafe inverses.withUnsafeBufferPointer { inverses in
          let inversion = unsafe Inversion(
            lower: lower.baseAddress!, inverses: inverses.baseAddress!, result: result.baseAddress!,
            order: order,
            block: block)
          pool.run(taskCount: (order + block - 1) / block) { number in
            unsafe inversion.invert(columnBlock: number)
          }
        }
      }
    }
    return result
  }
}

/// What follows the factoring of one block on the diagonal: the rows below it, then the matrix right of those.
@unsafe
private struct Step: @unchecked Sendable {
  let corner: UnsafeMutablePointer<Double>
  let inverse: UnsafeMutablePointer<Double>
  /// `[rest, width]`: the rows of L below the block.
  let panel: UnsafeMutablePointer<Double>
  /// `[width, rest]`: the same, transposed, then negative.
  let negative: UnsafeMutablePointer<Double>
  let order: Int
  let width: Int
  let rest: Int

  private static let chunk = 96

  func run(pool: ThreadPool) {
    let rest = unsafe self.rest
    unsafe pool.runChunks(of: rest, chunk: Self.chunk) { rows in unsafe solve(rows) }
    unsafe pool.runChunks(of: rest, chunk: Self.chunk) { rows in unsafe update(rows) }
  }

  /// Rows of L: those of the matrix times the inverse of the block, transposed.
  private func solve(_ rows: Range<Int>) {
    let (order, width, rest) = unsafe (self.order, self.width, self.rest)
    let source = unsafe corner + (width + rows.lowerBound) * order
    let target = unsafe panel + rows.lowerBound * width
    let solution = unsafe negative + rows.lowerBound
    var columns = [Double](repeating: 0, count: rows.count * width)
    for row in 0..<rows.count {
      for column in 0..<width { columns[column * rows.count + row] = unsafe source[row * order + column] }
    }
    var product = momos_fixed_product(
      rows: width, columns: rows.count, inner: width, a_row_step: width, a_inner_step: 1,
      b_stride: rows.count,
      c_stride: rest, accumulates: 0)
    unsafe multiply(&product, inverse, &columns, solution)
    for row in 0..<rows.count {
      for column in 0..<width {
        let value = unsafe solution[column * rest + row]
        unsafe target[row * width + column] = value
        unsafe source[row * order + column] = value
        unsafe solution[column * rest + row] = -value
      }
    }
  }

  /// Rows of the matrix right of the block minus the products of rows of L, up to the diagonal.
  private func update(_ rows: Range<Int>) {
    let (order, width, rest) = unsafe (self.order, self.width, self.rest)
    var product = momos_fixed_product(
      rows: rows.count, columns: rows.upperBound, inner: width, a_row_step: width, a_inner_step: 1,
      b_stride: rest,
      c_stride: order, accumulates: 1)
    unsafe multiply(
      &product, panel + rows.lowerBound * width, negative, corner + (width + rows.lowerBound) * order + width)
  }
}

/// The inverse of L, one block of columns after the other, each by forward substitution.
@unsafe
private struct Inversion: @unchecked Sendable {
  let lower: UnsafePointer<Double>
  let inverses: UnsafePointer<Double>
  let result: UnsafeMutablePointer<Float>
  let order: Int
  let block: Int

  func invert(columnBlock number: Int) {
    let (order, block) = unsafe (self.order, self.block)
    let start = number * block
    let width = min(block, order - start)
    var solution = [Double](repeating: 0, count: (order - start) * width)
    var sums = [Double](repeating: 0, count: block * width)
    for index in 0..<width * width { solution[index] = unsafe inverses[start * block + index] }
    for row in stride(from: start + width, to: order, by: block) {
      let height = min(block, order - row)
      var known = momos_fixed_product(
        rows: height, columns: width, inner: row - start, a_row_step: order, a_inner_step: 1, b_stride: width,
        c_stride: width, accumulates: 0)
      unsafe multiply(&known, lower + row * order + start, &solution, &sums)
      for index in sums.indices { sums[index] = -sums[index] }
      var solved = momos_fixed_product(
        rows: height, columns: width, inner: height, a_row_step: height, a_inner_step: 1, b_stride: width,
        c_stride: width, accumulates: 0)
      unsafe solution.withUnsafeMutableBufferPointer { solution in
        unsafe multiply(
          &solved, inverses + row * block, &sums, solution.baseAddress! + (row - start) * width)
      }
    }
    for row in start..<order {
      for column in start..<min(start + width, row + 1) {
        let value = Float(solution[(row - start) * width + column - start])
        unsafe result[(order - 1 - row) * order + order - 1 - column] = value
      }
    }
  }
}

private func multiply(
  _ product: UnsafePointer<momos_fixed_product>, _ left: UnsafePointer<Double>,
  _ right: UnsafePointer<Double>,
  _ output: UnsafeMutablePointer<Double>
) {
  unsafe withFittingScratch(byteCount: Int(MOMOS_FIT_PRODUCT_SCRATCH)) { scratch in
    unsafe InstructionSet.fitting.multiply_f64(product, left, right, output, scratch)
  }
}
