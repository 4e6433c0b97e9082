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
    let input = try call.converted(call[0], to: elementType.arithmetic)
    var results =
      switch elementType {
      case .int8: try pooled(call, input, least: Int8.min)
      case .uint8: try pooled(call, input, least: UInt8.min)
      case .float64: try pooled(call, input, least: -Double.infinity)
      default: try pooled(call, input, least: -Float.infinity)
      }
    if elementType != input.elementType { results[0] = try call.converted(results[0], to: elementType) }
    return results
  }

  private func pooled<Number: Comparable & BitwiseCopyable>(
    _ call: OperatorCall, _ input: Tensor, least: Number
  ) throws(RuntimeError) -> [Tensor] {
    let window = try pooling.window(over: input.shape, label: call.label)
    let channelCount = input.shape[0] * input.shape[1]
    let values = input.bytes.span(of: Number.self)
    let type = ValueType(input.elementType, call.outputTypes[0].shape)
    guard outputCount == 2 else {
      let largest = try call.tensor(type, of: Number.self) { (target) throws(RuntimeError) in
        window.fold(values, channelCount: channelCount, into: &target, initial: least) {
          // Only a NaN differs from itself.
          $1 > $0 || $1 != $1 ? $1 : $0
        }
      }
      return [largest]
    }
    let positions = try call.tensor(call.outputTypes[1], of: Int64.self) { (target) throws(RuntimeError) in
      let search = MaximumSearch(window: window, isColumnMajor: isColumnMajor)
      for index in target.indices { target[index] = Int64(search.position(values, of: index)) }
    }
    let found = positions.bytes.span(of: Int64.self)
    let largest = try call.tensor(type, of: Number.self) { (target) throws(RuntimeError) in
      let search = MaximumSearch(window: window, isColumnMajor: isColumnMajor)
      for index in target.indices {
        target[index] = found[index] < 0 ? least : values[search.rowMajor(Int(found[index]))]
      }
    }
    return [largest, positions]
  }
}

/// Where the largest elements lie.
private struct MaximumSearch {
  let window: Window
  let isColumnMajor: Bool

  /// Flat position in the input of the first largest element that the window sees at an output position; -1 if it sees
  /// only padding.
  func position<Number: Comparable & BitwiseCopyable>(_ values: Span<Number>, of output: Int) -> Int {
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
            || (values[index] != values[index] && values[best] == values[best])
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
