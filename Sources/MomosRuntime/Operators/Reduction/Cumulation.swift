import MomosModel

/// Along an axis, every element joined with all before it; with `exclusive` only those before it, with `reverse` those
/// after it.
///
/// Real numbers are joined in float64, and every result is rounded.
protocol Cumulation: Operator {
  static var function: ReductionFunction { get }
  var order: CumulationOrder { get }
  init(order: CumulationOrder)
}

struct CumSum: Cumulation {
  static let function = ReductionFunction.sum
  let order: CumulationOrder
}

struct CumProd: Cumulation {
  static let function = ReductionFunction.product
  let order: CumulationOrder
}

extension Cumulation {
  init(_ context: inout OperatorContext) throws(RuntimeError) {
    self.init(order: try CumulationOrder(&context))
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try order.inferOutputs(inputs, of: Self.function.elementTypes)
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try order.joined(call, Self.function)]
  }
}

/// Which elements each result is made of.
struct CumulationOrder: Sendable {
  private let isExclusive: Bool
  private let isReversed: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isExclusive = try context.attributes.flag("exclusive", default: false)
    isReversed = try context.attributes.flag("reverse", default: false)
  }

  func inferOutputs(_ inputs: InputTypes, of elementTypes: [ElementType]) throws(RuntimeError) -> [ValueType]
  {
    try inputs.require(0, in: elementTypes)
    try inputs.require(1, in: [.int32, .int64])
    guard inputs[1].shape.elementCount == 1 else {
      throw .shapes(inputs.label, expected: "one axis as input 1", found: [inputs[1].shape])
    }
    if let axis = inputs.values[1]?.integers()?.first {
      _ = try inputs.resolved(axis: axis, rank: inputs[0].shape.rank)
    }
    return [inputs[0]]
  }

  func joined(_ call: OperatorCall, _ function: ReductionFunction) throws(RuntimeError) -> Tensor {
    let rank = call[0].shape.rank
    guard let axis = call[1].integers()?.first, axis >= -rank, axis < rank else {
      throw .axis(call.label, axis: call[1].integers()?.first ?? 0, rank: rank)
    }
    let first = axis < 0 ? axis + rank : axis
    let slices = AxisSlices(call[0].shape, axes: first..<(first + 1))
    let elementType = call[0].elementType
    let input = try call.cast(call[0], to: elementType.arithmetic)
    var memory = try call.memory(input.type)
    let isProduct = function == .product
    switch input.elementType {
    case .float32: join(input, slices, isProduct, to: &memory, Float.self) { Float($0) }
    case .float64: join(input, slices, isProduct, to: &memory, Double.self) { $0 }
    case .int32, .uint32: join(input, slices, isProduct, to: &memory, Int32.self) { $0 }
    default: join(input, slices, isProduct, to: &memory, Int64.self) { $0 }
    }
    return try call.cast(memory.tensor(), to: elementType)
  }

  private func join<Element: ReducedElement>(
    _ input: Tensor, _ slices: AxisSlices, _ isProduct: Bool, to memory: inout TensorMemory,
    _ element: Element.Type, _ rounded: (Element.Sum) -> Element
  ) {
    if isProduct {
      join(input, slices, .one, to: &memory, element, rounded) { $0.times($1) }
    } else {
      join(input, slices, .zero, to: &memory, element, rounded) { $0.plus($1) }
    }
  }

  @inline(__always)
  private func join<Element: ReducedElement>(
    _ input: Tensor, _ slices: AxisSlices, _ start: Element.Sum, to memory: inout TensorMemory,
    _ element: Element.Type, _ rounded: (Element.Sum) -> Element,
    _ join: (Element.Sum, Element.Sum) -> Element.Sum
  ) {
    guard slices.length > 0 else { return }
    let values = input.bytes.span(of: element)
    var target = memory.elements(of: element)
    let last = (slices.length - 1) * slices.stride
    let step = isReversed ? -slices.stride : slices.stride
    for slice in 0..<slices.count {
      var index = slices.start(of: slice) + (isReversed ? last : 0)
      var sum = start
      for _ in 0..<slices.length {
        let next = join(sum, values[index].accumulator)
        target[index] = rounded(isExclusive ? sum : next)
        sum = next
        index += step
      }
    }
  }
}
