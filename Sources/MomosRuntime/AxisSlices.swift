import MomosModel

/// The slices of a tensor along adjacent axes: `length` elements each, `stride` apart.
struct AxisSlices {
  let length: Int
  let stride: Int
  private let outerCount: Int

  init(_ shape: Shape, axes: Range<Int>) {
    length = shape.dimensions[axes].reduce(1, *)
    stride = shape.dimensions[axes.upperBound...].reduce(1, *)
    outerCount = shape.dimensions[..<axes.lowerBound].reduce(1, *)
  }

  /// How many slices there are.
  var count: Int { outerCount * stride }

  /// Position of the first element of a slice; slices are numbered in row-major order of the other axes.
  func start(of slice: Int) -> Int {
    slice / stride * length * stride + slice % stride
  }
}
