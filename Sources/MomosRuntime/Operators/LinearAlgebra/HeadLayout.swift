import MomosModel

/// Where the heads of a query, key or value lie: a tensor `[batch, heads, length, size]`, or
/// `[batch, length, heads * size]` with the heads side by side.
struct HeadLayout {
  let batch: Int
  let heads: Int
  let length: Int
  let size: Int
  private let isPacked: Bool

  /// nil for another rank, or a last axis that the heads do not divide.
  /// - Parameter heads: how many there are; needed for rank 3.
  init?(_ shape: Shape, heads: Int?) {
    switch shape.rank {
    case 4:
      (batch, self.heads, length, size) = (shape[0], shape[1], shape[2], shape[3])
      isPacked = false
    case 3:
      guard let heads, heads > 0, shape[2].isMultiple(of: heads) else { return nil }
      (batch, self.heads, length, size) = (shape[0], heads, shape[1], shape[2] / heads)
      isPacked = true
    default: return nil
    }
  }

  /// From one position of a head to the next.
  var rowStride: Int { isPacked ? heads * size : size }
  /// From one head to the next.
  var step: Int { isPacked ? size : length * size }

  /// Where a head begins.
  func start(sample: Int, head: Int) -> Int { sample * heads * length * size + head * step }

  /// The shape of a tensor in this arrangement with other lengths and sizes.
  func dimensions(length: Int, size: Int) -> [Int] {
    isPacked ? [batch, length, heads * size] : [batch, heads, length, size]
  }
}
