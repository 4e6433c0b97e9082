import MomosKernels
import MomosModel

extension LinearWeight {
  /// The convolution with the rows of the matrix as filters: what the window sees is gathered some output positions at a
  /// time, and multiplied.
  ///
  /// - Parameters:
  ///   - input: `[batch, groups * groupChannels, spatial...]`.
  ///   - bias: one number for each row, or nil.
  ///   - output: `[batch, rows, spatial...]`, overwritten.
  func convolve(
    _ input: Span<Float>, _ shape: ConvolutionShape, bias: [Float]?, into output: inout MutableSpan<Float>,
    pool: ThreadPool
  ) throws(ModelError) {
    precondition(rows == shape.rows && columns == shape.columns)
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
        let addend = bias?[filter] ?? 0
        var line = target.part((row * count + positions.lowerBound)..<(row * count + positions.upperBound))
        for position in line.indices { line[position] = sumSpan[position * rows + filter] + addend }
      }
    }
  }
}
