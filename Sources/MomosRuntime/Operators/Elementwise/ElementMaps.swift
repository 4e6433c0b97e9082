import MomosKernels
import MomosModel

// For functions of one or two types. Those of every type are compiled as loops, see ElementLoops.swift.

extension OperatorCall {
  /// Applies a function to every element.
  @inline(__always)
  func mapped<Element: BitwiseCopyable>(
    _ source: Tensor, _ element: Element.Type, _ transform: (Element) -> Element
  ) throws(RuntimeError) -> Tensor {
    try mapped(source, element, to: source.type, element, transform)
  }

  /// Applies a function from one type to another to every element; `type` has the shape of `source`.
  @inline(__always)
  func mapped<Source: BitwiseCopyable, Target: BitwiseCopyable>(
    _ source: Tensor, _ sourceElement: Source.Type, to type: ValueType, _ targetElement: Target.Type,
    _ transform: (Source) -> Target
  ) throws(RuntimeError) -> Tensor {
    let values = source.bytes.span(of: sourceElement)
    return try tensor(type, of: targetElement, zeroed: false) { (target) throws(RuntimeError) in
      for index in values.indices { target[index] = transform(values[index]) }
    }
  }

  /// Combines two tensors of one element type element by element, broadcast to the shape of `type`.
  @inline(__always)
  func combined<Element: BitwiseCopyable>(
    _ left: Tensor, _ right: Tensor, _ type: ValueType, _ element: Element.Type,
    _ combine: (Element, Element) -> Element
  ) throws(RuntimeError) -> Tensor {
    try combined(left, right, element, to: type, element, combine)
  }

  /// Combines two tensors of one element type to one of another.
  @inline(__always)
  func combined<Source: BitwiseCopyable, Target: BitwiseCopyable>(
    _ left: Tensor, _ right: Tensor, _ sourceElement: Source.Type, to type: ValueType,
    _ targetElement: Target.Type, _ combine: (Source, Source) -> Target
  ) throws(RuntimeError) -> Tensor {
    var walk = BroadcastWalk(
      operands: [left.shape.dimensions, right.shape.dimensions], to: type.shape.dimensions)
    let lefts = left.bytes.span(of: sourceElement)
    let rights = right.bytes.span(of: sourceElement)
    return try tensor(type, of: targetElement, zeroed: false) { (target) throws(RuntimeError) in
      while walk.next() {
        let leftRun = lefts.extracting(walk.elements(of: 0))
        let rightRun = rights.extracting(walk.elements(of: 1))
        var targetRun = target.part(walk.start..<(walk.start + walk.runLength))
        targetRun.combine(leftRun, rightRun, combine)
      }
    }
  }
}

extension OperatorCall {
  /// Applies a vector kernel to every element of a float32 tensor.
  func mapped(_ source: Tensor, _ function: ElementFunction) throws(RuntimeError) -> Tensor {
    let values = source.bytes.span(of: Float.self)
    return try tensor(source.type, of: Float.self, zeroed: false) { (target) throws(RuntimeError) in
      VectorKernels.map(function, values, into: &target, pool: pool)
    }
  }

  /// Combines two float32 tensors element by element by a vector kernel, broadcast to a shape.
  func combined(
    _ left: Tensor, _ right: Tensor, _ shape: Shape, _ operation: ElementOperation
  ) throws(RuntimeError) -> Tensor {
    var walk = BroadcastWalk(operands: [left.shape.dimensions, right.shape.dimensions], to: shape.dimensions)
    let lefts = left.bytes.span(of: Float.self)
    let rights = right.bytes.span(of: Float.self)
    return try tensor(ValueType(.float32, shape), of: Float.self, zeroed: false) {
      (target) throws(RuntimeError) in
      while walk.next() {
        var run = target.part(walk.start..<(walk.start + walk.runLength))
        VectorKernels.combine(
          operation, lefts.extracting(walk.elements(of: 0)), rights.extracting(walk.elements(of: 1)),
          into: &run, pool: pool)
      }
    }
  }
}

extension InputTypes {
  /// The shape to which the inputs at the given positions are broadcast.
  func broadcastShape(of positions: Range<Int>? = nil) throws(RuntimeError) -> Shape {
    let shapes = (positions ?? types.indices).map { self[$0].shape.dimensions }
    guard let dimensions = Broadcasting.dimensions(shapes) else {
      throw mismatch(expected: "shapes that broadcast to a common one")
    }
    return try shape(dimensions)
  }
}
