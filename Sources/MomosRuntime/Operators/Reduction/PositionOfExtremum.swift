import MomosModel

/// The position of the largest or smallest element along an axis, int64: the first one, or with `select_last_index`
/// the last. A NaN counts as beyond every number.
protocol PositionOfExtremum: Operator {
  associatedtype Order: ExtremumOrder
  var axis: Int { get }
  var keepsAxis: Bool { get }
  var takesLast: Bool { get }
  init(axis: Int, keepsAxis: Bool, takesLast: Bool)
}

struct ArgMax: PositionOfExtremum {
  typealias Order = LargestFirst
  let axis: Int
  let keepsAxis: Bool
  let takesLast: Bool
}

struct ArgMin: PositionOfExtremum {
  typealias Order = SmallestFirst
  let axis: Int
  let keepsAxis: Bool
  let takesLast: Bool
}

extension PositionOfExtremum {
  init(_ context: inout OperatorContext) throws(RuntimeError) {
    let axis = try context.attributes.int("axis", default: 0)
    let keepsAxis = try context.attributes.flag("keepdims", default: true)
    let takesLast =
      context.version >= 12 ? try context.attributes.flag("select_last_index", default: false) : false
    self.init(axis: axis, keepsAxis: keepsAxis, takesLast: takesLast)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.numbers)
    var dimensions = inputs[0].shape.dimensions
    let axis = try inputs.resolved(axis: axis, rank: dimensions.count)
    let length = dimensions[axis]
    dimensions[axis] = 1
    guard length > 0 || dimensions.contains(0) else {
      throw inputs.mismatch(expected: "at least one element along axis \(axis)")
    }
    if !keepsAxis { dimensions.remove(at: axis) }
    return [ValueType(.int64, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let axis = axis < 0 ? axis + call[0].shape.rank : axis
    let slices = AxisSlices(call[0].shape, axes: axis..<(axis + 1))
    let search = ExtremumSearch<Order>(call: call, slices: slices, takesLast: takesLast)
    return [try call[0].elementType.visit(search)]
  }
}

/// Which of two numbers is nearer to the extremum.
protocol ExtremumOrder: Sendable {
  static func precedes<Number: Comparable>(_ left: Number, _ right: Number) -> Bool
}

enum LargestFirst: ExtremumOrder {
  static func precedes<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left > right }
}

enum SmallestFirst: ExtremumOrder {
  static func precedes<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left < right }
}

private struct ExtremumSearch<Order: ExtremumOrder>: NumberVisitor {
  let call: OperatorCall
  let slices: AxisSlices
  let takesLast: Bool

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    try positions(in: try call.converted(call[0], to: call[0].elementType.arithmetic), number)
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try positions(in: call[0], number)
  }

  private func positions<Number: Comparable & BitwiseCopyable>(
    in input: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: number)
    return try call.tensor(call.outputTypes[0], of: Int64.self, zeroed: false) {
      (target) throws(RuntimeError) in
      for slice in target.indices { target[slice] = Int64(position(in: values, slices.start(of: slice))) }
    }
  }

  private func position<Number: Comparable>(in values: Span<Number>, _ start: Int) -> Int {
    var best = 0
    var incumbent = values[start]
    for position in 1..<slices.length {
      let candidate = values[start + position * slices.stride]
      // Only a NaN differs from itself.
      let isBetter =
        incumbent == incumbent && (Order.precedes(candidate, incumbent) || candidate != candidate)
      let isEqual = candidate == incumbent || (candidate != candidate && incumbent != incumbent)
      if isBetter || (takesLast && isEqual) {
        best = position
        incumbent = candidate
      }
    }
    return best
  }
}
