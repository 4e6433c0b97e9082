import MomosModel

/// The logarithm of the sum of e^x along some axes: the largest x, plus the logarithm of the sum of e^(x - largest).
///
/// Computed in float64 and rounded once.
struct ReduceLogSumExp: Operator {
  private let axes: ReducedAxes

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axes = try ReducedAxes(&context, inputSince: 18)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    [try axes.resultType(inputs, of: ElementType.floatingPoint)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let call = call.withoutOutputMemory
    let kept = try axes.keptShape(call)
    let sumType = ValueType(.float64, type.shape)
    let input = try call.cast(call[0], to: .float64)
    let largest = try Reduction(.maximum, call, input, kept: kept, sumType).result()
    let sums = try sums(call, input, largest.reshaped(to: kept))
    let logarithms = sums.bytes.span(of: Double.self)
    let offsets = largest.bytes.span(of: Double.self)
    var memory = try call.memory(sumType)
    var results = memory.elements(of: Double.self)
    for index in results.indices {
      results[index] = Double.logarithm(logarithms[index]) + Self.offset(offsets[index])
    }
    return [try call.cast(memory.tensor(), to: type.elementType)]
  }

  /// The sums of e^(x - largest), in the shape of `largest`.
  private func sums(_ call: OperatorCall, _ input: Tensor, _ largest: Tensor) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: Double.self)
    let offsets = largest.bytes.span(of: Double.self)
    var memory = try call.memory(largest.type, zeroed: true)
    var target = memory.elements(of: Double.self)
    var walk = BroadcastWalk(
      operands: [input.shape.dimensions, largest.shape.dimensions], to: input.shape.dimensions)
    while walk.next() {
      let (source, places) = (values.extracting(walk.elements(of: 0)), walk.elements(of: 1))
      if walk.steps[1] == 0 {
        let offset = Self.offset(offsets[places.lowerBound])
        var sum = 0.0
        for index in source.indices { sum += Double.exponential(source[index] - offset) }
        target[places.lowerBound] += sum
      } else {
        var sums = target.part(places)
        let offsets = offsets.extracting(places)
        for index in source.indices {
          sums[index] += Double.exponential(source[index] - Self.offset(offsets[index]))
        }
      }
    }
    return memory.tensor()
  }

  /// Infinite ones are left to e^x itself.
  private static func offset(_ largest: Double) -> Double { largest.isInfinite ? 0 : largest }
}
