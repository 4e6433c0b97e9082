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
    return [
      try call.tensor(call.outputTypes[0], of: number) { (target) throws(RuntimeError) in
        window.fold(values, channelCount: shape[0] * shape[1], into: &target, initial: 0) { $0 + $1 }
        divide(&target, window)
      }
    ]
  }

  /// Divides the sums of all channels by how many elements each is made of.
  private func divide<Number: RealNumber>(_ sums: inout MutableSpan<Number>, _ window: Window) {
    let widths = (0..<window.width.output).map { Number(count(window.width, $0)) }
    guard !widths.isEmpty else { return }
    for line in 0..<(sums.count / widths.count) {
      let (plane, y) = line.quotientAndRemainder(dividingBy: window.height.output)
      let area = Number(count(window.depth, plane % window.depth.output)) * Number(count(window.height, y))
      var sumLine = sums.part((line * widths.count)..<((line + 1) * widths.count))
      for x in sumLine.indices { sumLine[x] /= area * widths[x] }
    }
  }

  private func count(_ axis: WindowAxis, _ position: Int) -> Int {
    countsPadding ? axis.paddedTaps(at: position).count : axis.taps(at: position).count
  }
}
