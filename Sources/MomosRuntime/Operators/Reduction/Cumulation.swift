import MomosModel

/// Along an axis, every element joined with all before it; with `exclusive` only those before it, with `reverse` those
/// after it.
///
/// Real numbers are joined in float64, and every result is rounded.
protocol Cumulation: Operator {
  associatedtype Function: ReductionFunction
  var isExclusive: Bool { get }
  var isReversed: Bool { get }
  init(isExclusive: Bool, isReversed: Bool)
}

struct CumSum: Cumulation {
  typealias Function = SumReduction
  let isExclusive: Bool
  let isReversed: Bool
}

struct CumProd: Cumulation {
  typealias Function = ProductReduction
  let isExclusive: Bool
  let isReversed: Bool
}

extension Cumulation {
  init(_ context: inout OperatorContext) throws(RuntimeError) {
    let isExclusive = try context.attributes.flag("exclusive", default: false)
    self.init(isExclusive: isExclusive, isReversed: try context.attributes.flag("reverse", default: false))
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Function.elementTypes)
    try inputs.require(1, in: [.int32, .int64])
    guard inputs[1].shape.elementCount == 1 else {
      throw .shapes(inputs.label, expected: "one axis as input 1", found: [inputs[1].shape])
    }
    if let axis = inputs.values[1]?.integers()?.first {
      _ = try inputs.resolved(axis: axis, rank: inputs[0].shape.rank)
    }
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let rank = call[0].shape.rank
    guard let axis = call[1].integers()?.first, axis >= -rank, axis < rank else {
      throw .axis(call.label, axis: call[1].integers()?.first ?? 0, rank: rank)
    }
    let first = axis < 0 ? axis + rank : axis
    let slices = AxisSlices(call[0].shape, axes: first..<(first + 1))
    let sums = CumulativeSums<Function>(
      call: call, slices: slices, isExclusive: isExclusive, isReversed: isReversed)
    return [try call[0].elementType.visit(sums)]
  }
}

private struct CumulativeSums<Function: ReductionFunction>: NumberVisitor {
  let call: OperatorCall
  let slices: AxisSlices
  let isExclusive: Bool
  let isReversed: Bool

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    let elementType = call[0].elementType
    let input = try call.converted(call[0], to: elementType.arithmetic)
    let result = try cumulated(
      input, number, start: Function.start(Double.self), { Function.joined($0, Double($1)) }, { Number($0) })
    return try call.converted(result, to: elementType)
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try cumulated(
      call[0], number, start: Function.start(Wrapping<Number>.self),
      { Function.joined($0, Wrapping(value: $1)) }, { $0.value })
  }

  @inline(__always)
  private func cumulated<Element: BitwiseCopyable, Sum>(
    _ input: Tensor, _ element: Element.Type, start: Sum, _ join: (Sum, Element) -> Sum,
    _ result: (Sum) -> Element
  ) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: element)
    return try call.tensor(input.type, of: element, zeroed: false) { (target) throws(RuntimeError) in
      guard slices.length > 0 else { return }
      let last = (slices.length - 1) * slices.stride
      for slice in 0..<slices.count {
        var index = slices.start(of: slice) + (isReversed ? last : 0)
        let step = isReversed ? -slices.stride : slices.stride
        var sum = start
        for _ in 0..<slices.length {
          let next = join(sum, values[index])
          target[index] = result(isExclusive ? sum : next)
          sum = next
          index += step
        }
      }
    }
  }
}
