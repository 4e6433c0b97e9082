import Glibc
import MomosKernels
import MomosModel

/// One reduction of one tensor.
struct Reduction {
  private let function: ReductionFunction
  private let call: OperatorCall
  private let input: Tensor
  private let kept: Shape
  private let type: ValueType

  /// - Parameters:
  ///   - kept: the shape of the input with a size of 1 for each reduced axis.
  ///   - type: of the result: the element type of the input, and a shape that has the elements of `kept`.
  init(_ function: ReductionFunction, _ call: OperatorCall, _ input: Tensor, kept: Shape, _ type: ValueType) {
    let hasSign = input.elementType.isFloatingPoint || ElementType.signedIntegers.contains(input.elementType)
    // Numbers without a sign are joined as those with one, and are their own absolute values.
    self.function = function == .absoluteSum && !hasSign ? .sum : function
    self.call = call
    self.input = input
    self.kept = kept
    self.type = type
  }

  func result() throws(RuntimeError) -> Tensor {
    switch input.elementType {
    case .float16, .bfloat16:
      let wide = Reduction(
        function, call, try call.cast(input, to: .float32), kept: kept, ValueType(.float32, type.shape))
      return try call.cast(try wide.result(), to: type.elementType)
    case .float32:
      if let kernel = function.kernel { return try extremes(kernel) }
      return try call.cast(try real(Float.self), to: .float32)
    case .float64: return try function.kernel == nil ? real(Double.self) : extremes(Double.self)
    case .int32, .uint32, .int64, .uint64: return try function.kernel == nil ? integers() : extremeIntegers()
    default: return try extremeIntegers()
    }
  }

  /// In float64.
  private func real<Element: ReducedElement>(_ element: Element.Type) throws(RuntimeError) -> Tensor
  where Element.Sum == Double {
    var memory = try call.memory(ValueType(.float64, type.shape))
    var sums = memory.elements(of: Double.self)
    reduce(element, into: &sums)
    finish(&sums)
    return memory.tensor()
  }

  private func finish(_ sums: inout MutableSpan<Double>) {
    switch function {
    case .mean:
      let count = Double(elementsPerResult)
      for index in sums.indices { sums[index] /= count }
    case .euclidean: for index in sums.indices { sums[index] = sums[index].squareRoot() }
    case .logarithmOfSum: for index in sums.indices { sums[index] = log(sums[index]) }
    default: return
    }
  }

  /// Sums and products, as those of numbers with a sign.
  private func integers() throws(RuntimeError) -> Tensor {
    var memory = try call.memory(type)
    if type.elementType.byteCount == 4 {
      var sums = memory.elements(of: Int32.self)
      reduce(Int32.self, into: &sums)
    } else {
      var sums = memory.elements(of: Int64.self)
      reduce(Int64.self, into: &sums)
    }
    switch type.elementType {
    case .int32: finish(&memory, Int32.self)
    case .uint32: finish(&memory, UInt32.self)
    case .int64: finish(&memory, Int64.self)
    default: finish(&memory, UInt64.self)
    }
    return memory.tensor()
  }

  private func finish<Number: FixedWidthInteger & BitwiseCopyable>(
    _ memory: inout TensorMemory, _ number: Number.Type
  ) {
    guard function == .mean || function == .euclidean else { return }
    let divisor = Number(exactly: elementsPerResult) ?? 0
    var sums = memory.elements(of: number)
    for index in sums.indices {
      if function == .euclidean {
        let root = Double(sums[index]).squareRoot()
        sums[index] = root.isNaN ? 0 : Number(root)
      } else {
        sums[index] = divisor == 0 ? 0 : sums[index] / divisor
      }
    }
  }

  private func reduce<Element: ReducedElement>(
    _ element: Element.Type, into results: inout MutableSpan<Element.Sum>
  ) {
    let values = input.bytes.span(of: element)
    results.update(repeating: function.start(Element.Sum.self))
    forEachRun { run, places, length in
      var part = results.part(places)
      if length == 0 {
        function.join(values.extracting(run), to: &part)
      } else {
        function.join(rows: values.extracting(run), length: length, to: &part)
      }
    }
  }

  private func extremeIntegers() throws(RuntimeError) -> Tensor {
    switch input.elementType {
    case .int8: try extremes(Int8.self)
    case .uint8, .bool: try extremes(UInt8.self)
    case .int32: try extremes(Int32.self)
    case .uint32: try extremes(UInt32.self)
    case .int64: try extremes(Int64.self)
    default: try extremes(UInt64.self)
    }
  }

  /// The largest or smallest elements.
  private func extremes<Element: ReducedElement>(_ element: Element.Type) throws(RuntimeError) -> Tensor
  where Element.Sum == Element {
    let values = input.bytes.span(of: element)
    var memory = try call.memory(type)
    var results = memory.elements(of: element)
    let start = function.start(element)
    results.update(repeating: input.elementType == .bool ? start.smaller(.one) : start)
    forEachRun { run, places, length in
      var part = results.part(places)
      if length == 0 {
        function.joinExtremes(values.extracting(run), to: &part)
      } else {
        function.joinExtremes(rows: values.extracting(run), length: length, to: &part)
      }
    }
    return memory.tensor()
  }

  /// Calls `body` with elements of the input, the results that they are joined to, and how many elements each of these
  /// results is joined with, one row after the other; 0 for rows of one element for each result.
  @inline(never)
  private func forEachRun(_ body: (_ elements: Range<Int>, _ results: Range<Int>, _ rowLength: Int) -> Void) {
    guard input.elementCount > 0 else { return }
    let (sizes, keptSizes) = (input.shape.dimensions, kept.dimensions)
    let first = zip(sizes, keptSizes).prefix { $0 == $1 }.count
    let end = keptSizes[first...].prefix { $0 == 1 }.endIndex
    if sizes[end...] == keptSizes[end...] {
      let (length, inner) = (sizes[first..<end].reduce(1, *), sizes[end...].reduce(1, *))
      if inner == 1 { return body(0..<input.elementCount, 0..<kept.elementCount, length) }
      for outer in 0..<(kept.elementCount / inner) {
        body(
          (outer * length * inner)..<((outer + 1) * length * inner), (outer * inner)..<((outer + 1) * inner),
          0)
      }
      return
    }
    var walk = BroadcastWalk(operands: [sizes, keptSizes], to: sizes)
    while walk.next() {
      let run = walk.elements(of: 0)
      body(run, walk.elements(of: 1), walk.steps[1] == 0 ? run.count : 0)
    }
  }

  /// The largest or smallest elements of a float32 tensor.
  private func extremes(_ kernel: ElementOperation) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: Float.self)
    var memory = try call.memory(type)
    var target = memory.elements(of: Float.self)
    target.update(repeating: Float(function.start(Double.self)))
    forEachRun { run, places, length in
      var results = target.part(places)
      guard length > 0 else {
        for first in stride(from: run.lowerBound, to: run.upperBound, by: places.count) {
          let row = values.extracting(first..<(first + places.count))
          VectorKernels.combine(kernel, inPlace: &results, row, pool: call.pool)
        }
        return
      }
      for row in results.indices {
        let start = run.lowerBound + row * length
        let extremes = VectorKernels.extremes(of: values.extracting(start..<(start + length)))
        let extreme = kernel == .maximum ? extremes.largest : extremes.smallest
        results[row] = kernel == .maximum ? results[row].atLeast(extreme) : results[row].atMost(extreme)
      }
    }
    return memory.tensor()
  }

  /// How many elements each result is made of.
  private var elementsPerResult: Int {
    zip(input.shape.dimensions, kept.dimensions).reduce(1) { $1.0 == $1.1 ? $0 : $0 * $1.0 }
  }
}
