import MomosKernels
import MomosModel

// Of an operator that takes many element types only a loop is compiled for each, as a closure that knows the type. What is
// the same for all of them, memory, shapes and conversions, is done by the functions below, which know it only at run
// time. The closures are optional for the compiler's sake: a function that is given them as such is copied for each.

/// Fills memory with a function of the elements in the bytes of a tensor, as many as there.
typealias ElementLoop = ((Bytes, inout MutableBytes) -> Void)?

/// Fills memory with a function of the elements in the bytes of two tensors, walked in step.
typealias PairLoop = ((Bytes, Bytes, inout BroadcastWalk, inout MutableBytes) -> Void)?

/// Replaces elements in memory by a function of them and of those in the bytes of a tensor, walked in step.
typealias FoldLoop = ((inout MutableBytes, Bytes, inout BroadcastWalk) -> Void)?

extension OperatorCall {
  /// A tensor of a type with the shape of `source`.
  @inline(never)
  func mapped(_ source: Tensor, to type: ValueType, _ loop: ElementLoop) throws(RuntimeError) -> Tensor {
    var memory = try memory(type)
    loop?(source.bytes, &memory.bytes)
    return memory.tensor()
  }

  /// Two tensors of one element type, broadcast to the shape of `type`.
  @inline(never)
  func combined(
    _ left: Tensor, _ right: Tensor, to type: ValueType, _ loop: PairLoop
  ) throws(RuntimeError) -> Tensor {
    var memory = try memory(type)
    var walk = BroadcastWalk(
      operands: [left.shape.dimensions, right.shape.dimensions], to: type.shape.dimensions)
    loop?(left.bytes, right.bytes, &walk, &memory.bytes)
    return memory.tensor()
  }

  /// A function of the first two inputs, which are not of a floating-point type.
  @inline(never)
  func combinedIntegers(_ loop: PairLoop) throws(RuntimeError) -> Tensor {
    try combined(self[0], self[1], to: outputTypes[0], loop)
  }

  /// A function of the first two inputs, which are integers, computed in int64, or uint64 of that type.
  @inline(never)
  func combinedWide(_ signed: PairLoop, _ unsigned: PairLoop) throws(RuntimeError) -> Tensor {
    let type = outputTypes[0]
    if type.elementType == .uint64 { return try combinedIntegers(unsigned) }
    let left = try cast(self[0], to: .int64)
    let right = try cast(self[1], to: .int64)
    let result = try combined(left, right, to: ValueType(.int64, type.shape), signed)
    return try cast(result, to: type.elementType)
  }

  /// A function of the first input, which is not of a floating-point type.
  @inline(never)
  func mappedIntegers(_ loop: ElementLoop) throws(RuntimeError) -> Tensor {
    try mapped(self[0], to: outputTypes[0], loop)
  }

  /// A real function of the first input, to the type of the first output; of float16 and bfloat16 it is computed in
  /// float32 and rounded.
  /// - Parameter kernel: what takes the place of the float32 loop.
  @inline(never)
  func mappedReals(
    _ kernel: ElementFunction?, _ singles: ElementLoop, _ doubles: ElementLoop
  ) throws(RuntimeError) -> Tensor {
    let arithmetic = self[0].elementType.arithmetic
    let input = try cast(self[0], to: arithmetic)
    let type = computed(in: arithmetic)
    if arithmetic == .float64 { return try mapped(input, to: type, doubles) }
    let result = if let kernel { try mapped(input, kernel) } else { try mapped(input, to: type, singles) }
    return try cast(result, to: outputTypes[0].elementType)
  }

  /// A real function of the first two inputs, to the type of the first output; of float16 and bfloat16 it is computed in
  /// float32 and rounded.
  /// - Parameter kernel: what takes the place of the float32 loop.
  @inline(never)
  func combinedReals(
    _ kernel: ElementOperation?, _ singles: PairLoop, _ doubles: PairLoop
  ) throws(RuntimeError) -> Tensor {
    let arithmetic = self[0].elementType.arithmetic
    let left = try cast(self[0], to: arithmetic)
    let right = try cast(self[1], to: arithmetic)
    let type = computed(in: arithmetic)
    if arithmetic == .float64 { return try combined(left, right, to: type, doubles) }
    let result =
      if let kernel {
        try combined(left, right, type.shape, kernel)
      } else {
        try combined(left, right, to: type, singles)
      }
    return try cast(result, to: outputTypes[0].elementType)
  }

  /// The type of the first output, where that is a floating-point type as it is computed.
  private func computed(in arithmetic: ElementType) -> ValueType {
    let type = outputTypes[0]
    return type.elementType.isFloatingPoint ? ValueType(arithmetic, type.shape) : type
  }

  /// The first input, into which a loop joins the others in their order, broadcast to the shape of the first output and
  /// in the type in which its elements are computed.
  @inline(never)
  func folded(_ loop: FoldLoop) throws(RuntimeError) -> Tensor {
    let type = computed(in: outputTypes[0].elementType.arithmetic)
    var memory = try memory(type)
    for position in inputs.indices {
      let operand = try cast(self[position], to: type.elementType)
      var walk = BroadcastWalk(operands: [operand.shape.dimensions], to: type.shape.dimensions)
      if position > 0 {
        loop?(&memory.bytes, operand.bytes, &walk)
        continue
      }
      switch type.elementType.byteCount {
      case 1: memory.bytes.fill(UInt8.self, operand.bytes, &walk)
      case 2: memory.bytes.fill(UInt16.self, operand.bytes, &walk)
      case 4: memory.bytes.fill(UInt32.self, operand.bytes, &walk)
      default: memory.bytes.fill(UInt64.self, operand.bytes, &walk)
      }
    }
    return memory.tensor()
  }
}

extension MutableBytes {
  /// The loop of a function of single elements.
  @inline(__always)
  mutating func map<Source: BitwiseCopyable, Target: BitwiseCopyable>(
    _ source: Bytes, _ transform: (Source) -> Target
  ) {
    let values = source.span(of: Source.self)
    var target = mutableSpan(of: Target.self)
    for index in values.indices { target[index] = transform(values[index]) }
  }

  /// The loop of a function of pairs.
  /// - Parameter commutes: whether the order of a pair does not matter.
  @inline(__always)
  mutating func combine<Source: BitwiseCopyable, Target: BitwiseCopyable>(
    _ left: Bytes, _ right: Bytes, _ walk: inout BroadcastWalk, commutes: Bool = false,
    _ combine: (Source, Source) -> Target
  ) {
    let lefts = left.span(of: Source.self)
    let rights = right.span(of: Source.self)
    var target = mutableSpan(of: Target.self)
    while walk.next() {
      var run = target.part(walk.start..<(walk.start + walk.runLength))
      let leftRun = lefts.extracting(walk.elements(of: 0))
      let rightRun = rights.extracting(walk.elements(of: 1))
      let swaps = commutes && leftRun.count == 1
      run.combine(swaps ? rightRun : leftRun, swaps ? leftRun : rightRun, commutes: commutes, combine)
    }
  }

  /// The loop of a function that joins elements to those there are.
  @inline(__always)
  mutating func fold<Element: BitwiseCopyable>(
    _ operand: Bytes, _ walk: inout BroadcastWalk, _ join: (Element, Element) -> Element
  ) {
    let values = operand.span(of: Element.self)
    var target = mutableSpan(of: Element.self)
    while walk.next() {
      let run = values.extracting(walk.elements(of: 0))
      var targetRun = target.part(walk.start..<(walk.start + walk.runLength))
      if walk.steps[0] == 0 {
        let value = run[0]
        for index in targetRun.indices { targetRun[index] = join(targetRun[index], value) }
      } else {
        for index in targetRun.indices { targetRun[index] = join(targetRun[index], run[index]) }
      }
    }
  }

  /// Copies an operand, repeated as it is walked.
  fileprivate mutating func fill<Pattern: BitwiseCopyable>(
    _ pattern: Pattern.Type, _ operand: Bytes, _ walk: inout BroadcastWalk
  ) {
    let values = operand.span(of: pattern)
    var target = mutableSpan(of: pattern)
    let step = walk.steps[0]
    while walk.next() {
      let run = values.extracting(walk.elements(of: 0))
      var targetRun = target.part(walk.start..<(walk.start + walk.runLength))
      for index in targetRun.indices { targetRun[index] = run[index &* step] }
    }
  }
}

extension MutableSpan {
  /// Combines two spans; one of a single element stands for as many equal ones, so that every loop is plain.
  /// - Parameter commutes: whether the order of a pair does not matter; the first span is then not the single element.
  @inline(__always)
  mutating func combine<Source: BitwiseCopyable>(
    _ left: Span<Source>, _ right: Span<Source>, commutes: Bool = false,
    _ combine: (Source, Source) -> Element
  ) where Element: BitwiseCopyable {
    if !commutes && left.count != count {
      let value = left[0]
      for index in right.indices { self[index] = combine(value, right[index]) }
    } else if right.count != count {
      let value = right[0]
      for index in left.indices { self[index] = combine(left[index], value) }
    } else {
      for index in indices { self[index] = combine(left[index], right[index]) }
    }
  }
}
