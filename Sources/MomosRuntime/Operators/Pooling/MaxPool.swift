import MomosModel

/// The largest element that a window sees, and on request its flat position in the input: with `storage_order` 1 as if
/// the first spatial axis were the innermost. A NaN counts as larger than every number.
struct MaxPool: Operator {
  private let pooling: Pooling
  private let isColumnMajor: Bool
  private let outputCount: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    pooling = try Pooling(&context, dilationsSince: 10, ceilModeSince: 10)
    isColumnMajor =
      context.version >= 8 ? try context.attributes.flag("storage_order", default: false) : false
    outputCount = context.outputCount
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint + [.int8, .uint8])
    let type = try pooling.outputType(inputs)
    return Array([type, ValueType(.int64, type.shape)].prefix(outputCount))
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    let window = try pooling.window(over: call[0].shape, label: call.label)
    if outputCount == 2 {
      // float64 holds the elements of every type.
      let input = try call.withoutOutputMemory.cast(call[0], to: .float64)
      let positions = try positions(call, input, window)
      return [try call.cast(try elements(call, input, positions, window), to: elementType), positions]
    }
    let input = try call.withoutOutputMemory.cast(call[0], to: elementType.arithmetic)
    let largest =
      switch elementType {
      case .int8: try pooled(call, input, window, WindowIntegerMaximum<Int8>.self)
      case .uint8: try pooled(call, input, window, WindowIntegerMaximum<UInt8>.self)
      case .float64: try pooled(call, input, window, WindowMaximum<Double>.self)
      default: try pooled(call, input, window, WindowMaximum<Float>.self)
      }
    return [try call.cast(largest, to: elementType)]
  }

  private func pooled<Fold: WindowFold>(
    _ call: OperatorCall, _ input: Tensor, _ window: Window, _ fold: Fold.Type
  ) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: Fold.Number.self)
    var memory = try call.memory(ValueType(input.elementType, call.outputTypes[0].shape))
    var target = memory.elements(of: Fold.Number.self)
    window.fold(values, channelCount: input.shape[0] * input.shape[1], into: &target, fold)
    return memory.tensor()
  }

  private func positions(
    _ call: OperatorCall, _ input: Tensor, _ window: Window
  ) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: Double.self)
    let search = MaximumSearch(window: window, isColumnMajor: isColumnMajor)
    var memory = try call.memory(call.outputTypes[1])
    var target = memory.elements(of: Int64.self)
    for index in target.indices { target[index] = Int64(search.position(values, of: index)) }
    return memory.tensor()
  }

  /// The elements at positions; -infinity where there is none.
  private func elements(
    _ call: OperatorCall, _ input: Tensor, _ positions: Tensor, _ window: Window
  ) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: Double.self)
    let places = positions.bytes.span(of: Int64.self)
    let search = MaximumSearch(window: window, isColumnMajor: isColumnMajor)
    var memory = try call.memory(ValueType(.float64, positions.shape))
    var target = memory.elements(of: Double.self)
    for index in target.indices {
      target[index] = places[index] < 0 ? -Double.infinity : values[search.rowMajor(Int(places[index]))]
    }
    return memory.tensor()
  }
}

/// Where the largest elements lie.
private struct MaximumSearch {
  let window: Window
  let isColumnMajor: Bool

  /// Flat position in the input of the first largest element that the window sees at an output position; -1 if it sees
  /// only padding.
  func position(_ values: Span<Double>, of output: Int) -> Int {
    let (line, x) = output.quotientAndRemainder(dividingBy: window.width.output)
    let (plane, y) = line.quotientAndRemainder(dividingBy: window.height.output)
    let (channel, z) = plane.quotientAndRemainder(dividingBy: window.depth.output)
    var best = -1
    for zTap in window.depth.taps(at: z) {
      let plane = channel * window.depth.input + window.depth.start(of: z) + zTap * window.depth.dilation
      for yTap in window.height.taps(at: y) {
        let line = plane * window.height.input + window.height.start(of: y) + yTap * window.height.dilation
        for xTap in window.width.taps(at: x) {
          let index = line * window.width.input + window.width.start(of: x) + xTap * window.width.dilation
          if best < 0 || values[index] > values[best]
            || (values[index].isNaN && !values[best].isNaN)
          {
            best = index
          }
        }
      }
    }
    return best < 0 || !isColumnMajor ? best : columnMajor(best)
  }

  private func columnMajor(_ position: Int) -> Int {
    var (rest, result, stride) = (position % window.inputCount, 0, window.inputCount)
    for size in window.inputSizes.reversed() {
      stride /= size
      result += rest % size * stride
      rest /= size
    }
    return position / window.inputCount * window.inputCount + result
  }

  /// The row-major position of one that `position(of:)` gave.
  func rowMajor(_ position: Int) -> Int {
    guard isColumnMajor else { return position }
    var (rest, result, stride) = (position % window.inputCount, 0, window.inputCount)
    for size in window.inputSizes {
      stride /= size
      result += rest % size * stride
      rest /= size
    }
    return position / window.inputCount * window.inputCount + result
  }
}
