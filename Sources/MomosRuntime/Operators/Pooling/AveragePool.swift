import MomosModel

/// The mean of the elements that a window sees; with `count_include_pad` padding counts as zeros.
struct AveragePool: RealOperator {
  private let pooling: Pooling
  private let countsPadding: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    pooling = try Pooling(&context, dilationsSince: 19, ceilModeSince: 10)
    countsPadding = try context.attributes.flag("count_include_pad", default: false)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    return [try pooling.outputType(inputs)]
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let window = try pooling.window(over: shape, label: call.label)
    let values = call[0].bytes.span(of: number)
    let counts = counts(window)
    var memory = try call.memory(call.outputTypes[0])
    var target = memory.elements(of: number)
    window.fold(values, channelCount: shape[0] * shape[1], into: &target, WindowSum<Number>.self)
    for start in stride(from: 0, to: target.count, by: max(counts.count, 1)) {
      var channel = target.part(start..<(start + counts.count))
      for index in channel.indices { channel[index] /= Number(counts[index]) }
    }
    return [memory.tensor()]
  }

  /// Of how many elements each result of a channel is made.
  private func counts(_ window: Window) -> [Float] {
    var counts: [Float] = []
    counts.reserveCapacity(window.outputCount)
    let widths = (0..<window.width.output).map { Float(count(window.width, $0)) }
    for z in 0..<window.depth.output {
      for y in 0..<window.height.output {
        let area = Float(count(window.depth, z)) * Float(count(window.height, y))
        for width in widths { counts.append(area * width) }
      }
    }
    return counts
  }

  private func count(_ axis: WindowAxis, _ position: Int) -> Int {
    countsPadding ? axis.paddedTaps(at: position).count : axis.taps(at: position).count
  }
}
