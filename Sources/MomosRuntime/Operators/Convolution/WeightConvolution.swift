import MomosKernels
import MomosModel

extension LinearWeight {
  /// The convolution with the rows of the matrix as filters.
  ///
  /// - Parameters:
  ///   - input: `[batch, groups * groupChannels, spatial...]`.
  ///   - bias: one number for each row, or nil.
  ///   - output: `[batch, rows, spatial...]`, overwritten.
  func convolve(
    _ input: Span<Float>, _ shape: ConvolutionShape, bias: Span<Float>?, into output: inout MutableSpan<Float>,
    pool: ThreadPool
  ) throws(ModelError) {
    precondition(rows == shape.rows && columns == shape.columns)
    guard let convolution, let geometry = shape.geometry,
      convolution.partCount == 1 || convolution.partCount == shape.groups
    else { return try convolveGathered(input, shape, bias: bias, into: &output, pool: pool) }
    let count = convolution.scratchCount(geometry, batch: shape.batch, pool: pool)
    var scratch = try MutableBytes(byteCount: count * MemoryLayout<Float>.stride)
    var scratchSpan = scratch.mutableSpan(of: Float.self)
    convolution.convolve(
      input, batch: shape.batch, geometry: geometry, bias: bias, into: &output, scratch: &scratchSpan,
      pool: pool)
  }

  /// What the window sees is gathered some output positions at a time, and multiplied.
  private func convolveGathered(
    _ input: Span<Float>, _ shape: ConvolutionShape, bias: Span<Float>?, into output: inout MutableSpan<Float>,
    pool: ThreadPool
  ) throws(ModelError) {
    let count = shape.window.outputCount
    try shape.forEachTile { (image, group, positions) throws(ModelError) in
      var gathered = try MutableBytes(byteCount: positions.count * columns * MemoryLayout<Float>.stride)
      var gatheredSpan = gathered.mutableSpan(of: Float.self)
      shape.window.gather(
        input.extracting(shape.input(image: image, group: group)), channelCount: shape.groupChannels,
        positions: positions, into: &gatheredSpan)
      let seen = gathered.freeze()
      var sums = try MutableBytes(byteCount: positions.count * rows * MemoryLayout<Float>.stride)
      var sumSpan = sums.mutableSpan(of: Float.self)
      try multiply(seen.span(of: Float.self), batch: positions.count, into: &sumSpan, pool: pool)
      var target = output.part(shape.output(image: image, group: group))
      for row in 0..<shape.groupRows {
        let filter = group * shape.groupRows + row
        let addend = if let bias { bias[filter] } else { Float(0) }
        var line = target.part((row * count + positions.lowerBound)..<(row * count + positions.upperBound))
        for position in line.indices { line[position] = sumSpan[position * rows + filter] + addend }
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
