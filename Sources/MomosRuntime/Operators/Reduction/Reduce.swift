import MomosKernels
import MomosModel

/// The elements along some axes reduced to one by a function.
///
/// Real numbers are added up in float64 and rounded once. Every operator is a type of its own: a generic one would not
/// be specialised where it is used as `any Operator`.
protocol Reduce: Operator {
  associatedtype Function: ReductionFunction
  var axes: ReducedAxes { get }
  init(axes: ReducedAxes)
}

extension Reduce {
  init(_ context: inout OperatorContext) throws(RuntimeError) {
    self.init(axes: try ReducedAxes(&context, inputSince: Function.axesAreInputSince))
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Function.elementTypes)
    return [ValueType(inputs[0].elementType, try axes.resultShape(inputs))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let reduction = Reduction<Function>(call: call, kept: try axes.keptShape(call))
    return [try call[0].elementType.visit(reduction)]
  }
}

private struct Reduction<Function: ReductionFunction>: NumberVisitor {
  let call: OperatorCall
  let kept: Shape

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let input = try call.converted(call[0], to: type.elementType.arithmetic)
    if let kernel = Function.kernel, input.elementType == .float32 {
      return try call.converted(try extremes(of: input, kernel), to: type.elementType)
    }
    let sums = try call.reduced(
      input, number, kept: kept, ValueType(.float64, type.shape), start: Function.start(Double.self),
      { Function.prepared(Double($0)) }, { Function.joined($0, $1) })
    let count = elementsPerResult
    let finished = try call.mapped(sums, Double.self, to: ValueType(input.elementType, type.shape), number) {
      Number(Function.finished($0, count: count))
    }
    return try call.converted(finished, to: type.elementType)
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let isBool = type.elementType == .bool
    let start = Function.start(Wrapping<Number>.self).value
    let sums = try call.reduced(
      call[0], number, kept: kept, type, start: isBool ? min(1, start) : start,
      { Function.prepared(Wrapping(value: $0)).value },
      { Function.joined(Wrapping(value: $0), Wrapping(value: $1)).value })
    let count = elementsPerResult
    return try call.mapped(sums, number) { Function.finished(Wrapping(value: $0), count: count).value }
  }

  /// The largest or smallest elements of a float32 tensor.
  private func extremes(of input: Tensor, _ kernel: ElementOperation) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: Float.self)
    var walk = BroadcastWalk(operands: [input.shape.dimensions, kept.dimensions], to: input.shape.dimensions)
    let type = ValueType(.float32, call.outputTypes[0].shape)
    return try call.tensor(type, of: Float.self, zeroed: false) { (target) throws(RuntimeError) in
      target.update(repeating: Float(Function.start(Double.self)))
      while walk.next() {
        let run = values.extracting(walk.elements(of: 0))
        var results = target.part(walk.elements(of: 1))
        if walk.steps[1] == 0 {
          let extremes = VectorKernels.extremes(of: run)
          let extreme = kernel == .maximum ? extremes.largest : extremes.smallest
          results[0] = kernel == .maximum ? results[0].atLeast(extreme) : results[0].atMost(extreme)
        } else {
          VectorKernels.combine(kernel, inPlace: &results, run, pool: call.pool)
        }
      }
    }
  }

  /// How many elements each result is made of.
  private var elementsPerResult: Int {
    zip(call[0].shape.dimensions, kept.dimensions).reduce(1) { $1.0 == $1.1 ? $0 : $0 * $1.0 }
  }
}

extension OperatorCall {
  /// The elements of a tensor joined along the axes that have a size of 1 in `kept`.
  ///
  /// - Parameters:
  ///   - kept: the shape of the tensor with a size of 1 for each reduced axis.
  ///   - type: of the result; its shape has the elements of `kept`.
  @inline(__always)
  func reduced<Element: BitwiseCopyable, Sum: BitwiseCopyable>(
    _ input: Tensor, _ element: Element.Type, kept: Shape, _ type: ValueType, start: Sum,
    _ prepare: (Element) -> Sum, _ join: (Sum, Sum) -> Sum
  ) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: element)
    var walk = BroadcastWalk(operands: [input.shape.dimensions, kept.dimensions], to: input.shape.dimensions)
    return try tensor(type, of: Sum.self, zeroed: false) { (target) throws(RuntimeError) in
      for index in target.indices { target[index] = start }
      while walk.next() {
        let run = values.extracting(walk.elements(of: 0))
        let results = walk.elements(of: 1)
        if walk.steps[1] == 0 {
          target[results.lowerBound] = join(target[results.lowerBound], joined(run, start, prepare, join))
        } else {
          var part = target.part(results)
          for index in run.indices { part[index] = join(part[index], prepare(run[index])) }
        }
      }
    }
  }

  /// All elements of a run joined, in four rows that do not wait for each other.
  @inline(__always)
  private func joined<Element: BitwiseCopyable, Sum: BitwiseCopyable>(
    _ run: Span<Element>, _ start: Sum, _ prepare: (Element) -> Sum, _ join: (Sum, Sum) -> Sum
  ) -> Sum {
    var (first, second, third, fourth) = (start, start, start, start)
    var index = 0
    while index + 4 <= run.count {
      first = join(first, prepare(run[index]))
      second = join(second, prepare(run[index + 1]))
      third = join(third, prepare(run[index + 2]))
      fourth = join(fourth, prepare(run[index + 3]))
      index += 4
    }
    while index < run.count {
      first = join(first, prepare(run[index]))
      index += 1
    }
    return join(join(first, second), join(third, fourth))
  }
}
