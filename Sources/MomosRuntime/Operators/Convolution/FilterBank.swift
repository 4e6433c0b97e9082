import MomosKernels
import MomosModel

/// The filters of a convolution, and what becomes of their sums:
/// clamp(scale * sum + bias + residual, bounds), with one scale and bias for each filter.
struct FilterBank: Sendable {
  private let weight: LinearWeight
  private let scale: [Float]?
  private let bias: [Float]?
  private let bounds: ClosedRange<Float>
  /// Scales included; nil for weights that the kernels do not take as they are.
  private let convolution: ConvolutionMultiplier?

  /// - Parameter weight: a matrix whose rows are the filters.
  init(
    _ weight: LinearWeight, scale: [Float]? = nil, bias: [Float]?,
    bounds: ClosedRange<Float> = -.infinity ... .infinity
  ) throws(ModelError) {
    self.weight = weight
    self.scale = scale
    self.bias = bias
    self.bounds = bounds
    if let scale {
      convolution = try weight.convolution?.scaled(by: scale)
    } else {
      convolution = weight.convolution
    }
  }

  /// - Parameters:
  ///   - input: `[batch, groups * groupChannels, spatial...]`.
  ///   - residual: of the output's shape, or nil.
  ///   - output: `[batch, rows, spatial...]`, overwritten.
  func convolve(
    _ input: Span<Float>, _ shape: ConvolutionShape, residual: Span<Float>? = nil,
    into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) {
    precondition(weight.rows == shape.rows && weight.columns == shape.columns)
    guard let convolution, let geometry = shape.geometry,
      convolution.partCount == 1 || convolution.partCount == shape.groups
    else { return try convolveGathered(input, shape, residual: residual, into: &output, pool: pool) }
    let count = convolution.scratchCount(geometry, batch: shape.batch, pool: pool)
    var scratch = try ScratchMemory(floatCount: count)
    var scratchSpan = scratch.mutableSpan(of: Float.self)
    convolution.convolve(
      input, batch: shape.batch, geometry: geometry, bias: bias?.span, residual: residual, bounds: bounds,
      into: &output, scratch: &scratchSpan, pool: pool)
  }

  /// What the window sees is gathered some output positions at a time, and multiplied.
  private func convolveGathered(
    _ input: Span<Float>, _ shape: ConvolutionShape, residual: Span<Float>?,
    into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) {
    let (rows, columns, count) = (shape.rows, shape.columns, shape.window.outputCount)
    try shape.forEachTile { (image, group, positions) throws(ModelError) in
      var gathered = try MutableBytes(byteCount: positions.count * columns * MemoryLayout<Float>.stride)
      var gatheredSpan = gathered.mutableSpan(of: Float.self)
      shape.window.gather(
        input.extracting(shape.input(image: image, group: group)), channelCount: shape.groupChannels,
        positions: positions, into: &gatheredSpan)
      let seen = gathered.freeze()
      var sums = try MutableBytes(byteCount: positions.count * rows * MemoryLayout<Float>.stride)
      var sumSpan = sums.mutableSpan(of: Float.self)
      try weight.multiply(
        seen.span(of: Float.self), batch: positions.count, into: &sumSpan, pool: pool)
      let first = shape.output(image: image, group: group).lowerBound
      for row in 0..<shape.groupRows {
        let filter = group * shape.groupRows + row
        for (number, position) in positions.enumerated() {
          let index = first + row * count + position
          var value = (scale?[filter] ?? 1) * sumSpan[number * rows + filter] + (bias?[filter] ?? 0)
          if let residual { value += residual[index] }
          // Written so that a NaN, which no comparison holds for, is kept.
          value = value < bounds.lowerBound ? bounds.lowerBound : value
          output[index] = value > bounds.upperBound ? bounds.upperBound : value
        }
      }
    }
  }
}

extension ConvolutionShape {
  /// What the kernels know; nil where there is nothing to multiply.
  fileprivate var geometry: ConvolutionGeometry? {
    guard groupChannels > 0, groupRows > 0, window.inputCount > 0 else { return nil }
    let axes = window.axes
    return ConvolutionGeometry(
      channels: groups * groupChannels, groups: groups, input: axes.map(\.input),
      kernel: axes.map(\.kernel), strides: axes.map(\.stride), dilations: axes.map(\.dilation),
      padBegin: axes.map(\.padBefore), output: axes.map(\.output))
  }
}
