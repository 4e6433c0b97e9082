import MomosModel

/// Numbers from `start` on, `delta` apart, up to but not including `limit`. float16 and bfloat16 are computed in
/// float32.
struct NumberRange: Operator {
  init(_ context: inout OperatorContext) throws(RuntimeError) {
    guard context.version >= 27 else { return }
    let stashType = try context.attributes.int("stash_type", default: ElementType.float32.rawValue)
    guard stashType == ElementType.float32.rawValue else {
      throw .attributeValue(
        context.label, attribute: "stash_type", expected: "1 (f32)", found: "\(stashType)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint + [.int16, .int32, .int64])
    try inputs.requireEqualElementTypes()
    for position in 0..<3 {
      guard inputs[position].shape.elementCount == 1 else {
        throw inputs.mismatch(expected: "one element in each")
      }
    }
    let count =
      inputs[0].elementType.isFloatingPoint
      ? try realCount(inputs, try limits(inputs) { $0.doubles() })
      : try integerCount(inputs, try limits(inputs) { $0.integers() ?? [] })
    return [ValueType(inputs[0].elementType, try inputs.shape([count]))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let numbers =
      switch type.elementType {
      case .float64:
        try numbers(call, .float64, Double.self) { start, delta, index in start + Double(index) * delta }
      case .float32, .float16, .bfloat16:
        try numbers(call, .float32, Float.self) { start, delta, index in start + Float(index) * delta }
      default:
        try numbers(call, .int64, Int64.self) { start, delta, index in start &+ Int64(index) &* delta }
      }
    return [try call.cast(numbers, to: type.elementType)]
  }

  /// - Parameter number: of the start, the distance and the position.
  private func numbers<Element: BitwiseCopyable>(
    _ call: OperatorCall, _ elementType: ElementType, _ element: Element.Type,
    _ number: (Element, Element, Int) -> Element
  ) throws(RuntimeError) -> Tensor {
    let first = try call.withoutOutputMemory.cast(call[0], to: elementType)
    let step = try call.withoutOutputMemory.cast(call[2], to: elementType)
    let (start, delta) = (first.bytes.span(of: element)[0], step.bytes.span(of: element)[0])
    var memory = try call.memory(ValueType(elementType, call.outputTypes[0].shape))
    var target = memory.elements(of: element)
    for index in target.indices { target[index] = number(start, delta, index) }
    return memory.tensor()
  }

  private func limits<Number>(
    _ inputs: InputTypes, _ numbers: (Tensor) -> [Number]
  ) throws(RuntimeError) -> [Number] {
    var limits: [Number] = []
    for position in 0..<3 { limits += numbers(try inputs.value(position)) }
    return limits
  }

  private func realCount(_ inputs: InputTypes, _ limits: [Double]) throws(RuntimeError) -> Int {
    let count = ((limits[1] - limits[0]) / limits[2]).rounded(.up)
    guard count <= Double(Shape.maximumElementCount), limits[2] != 0 else {
      throw .inputValue(
        inputs.label, position: 2, expected: "a distance that leads from \(limits[0]) to \(limits[1])",
        found: "\(limits[2])")
    }
    return count > 0 ? Int(count) : 0
  }

  private func integerCount(_ inputs: InputTypes, _ limits: [Int]) throws(RuntimeError) -> Int {
    let (start, limit, delta) = (limits[0], limits[1], limits[2])
    guard delta != 0 else {
      throw .inputValue(inputs.label, position: 2, expected: "a distance other than 0", found: "0")
    }
    guard delta > 0 ? limit > start : limit < start else { return 0 }
    let distance = delta > 0 ? UInt(bitPattern: limit &- start) : UInt(bitPattern: start &- limit)
    return Int(clamping: (distance - 1) / delta.magnitude + 1)
  }
}

extension Tensor {
  /// All elements of a tensor of a floating-point type; exact.
  fileprivate func doubles() -> [Double] {
    elementType == .float64 ? bytes.array(of: Double.self) : floats().map { Double($0) }
  }
}
