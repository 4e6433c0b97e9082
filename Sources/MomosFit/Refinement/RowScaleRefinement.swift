import MomosKernels
import MomosModel

/// Gives every row the scale with which its motifs bring its output closest: (w H q) / (q H q).
struct RowScaleRefinement {
  let pool: ThreadPool

  func refine(_ member: inout RefinementMember, expansion: MotifExpansion) {
    guard member.rows.rowScale != nil else { return }
    let current = member
    let chunks = member.multiplied(
      pool: pool, make: { expansion.row($0, of: current.encoding.indices) },
      use: { rows, sums, products in
        rows.enumerated().map { number, row in
          scale(
            of: row, in: current, sums: sums.dropFirst(number * current.rows.columnCount),
            products: products.dropFirst(number * current.rows.columnCount))
        }
      })
    member.encoding.scales = chunks.flatMap { $0 }
  }

  private func scale(
    of row: Int, in member: RefinementMember, sums: ArraySlice<Float>, products: ArraySlice<Float>
  ) -> Float {
    var product = 0.0
    var norm = 0.0
    for (weight, (sum, value)) in zip(member.rows.targets(row), zip(sums, products)) {
      product += Double(weight) * Double(value)
      norm += Double(sum) * Double(value)
    }
    guard norm > 0 else { return member.encoding.scales[row] }
    let scale = member.rows.stored(scale: Float(product / norm))
    return scale > 0 && scale.isFinite ? scale : member.encoding.scales[row]
  }
}
