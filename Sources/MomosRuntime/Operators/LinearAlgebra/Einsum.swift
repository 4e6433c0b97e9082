import MomosKernels
import MomosModel

/// Sums of products of elements as an equation such as "bij,bjk->bik" says: axes of one name are one, those that the
/// result does not name are summed.
///
/// Operands are multiplied two at a time, from the left, as stacks of matrices; axes are summed as soon as no later
/// operand has them. float16 and bfloat16 are computed in float32 and rounded once. Integers wrap.
struct Einsum: Operator {
  private let equation: EinsumEquation

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    guard let text = try context.attributes.string("equation") else {
      throw .missingAttribute(context.label, attribute: "equation")
    }
    guard let equation = EinsumEquation(text), equation.operandCount == context.inputCount else {
      throw .attributeValue(
        context.label, attribute: "equation", expected: "an equation of \(context.inputCount) operands",
        found: text)
    }
    self.equation = equation
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint + ElementType.integers)
    try inputs.requireEqualElementTypes()
    let (axes, sizes) = try axes(inputs)
    return [ValueType(inputs[0].elementType, try inputs.shape(axes.result.map { sizes[$0, default: 1] }))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let (axes, sizes) = try axes(call.inputTypes)
    let type = call.outputTypes[0]
    let arithmetic = type.elementType.productArithmetic
    var terms: [EinsumTerm] = []
    for (position, names) in axes.operands.enumerated() {
      let tensor = try call.cast(call[position], to: arithmetic)
      terms.append(EinsumTerm(tensor, axes: names))
    }
    // The scratch of a pair must not take the place of the result.
    let contraction = EinsumContraction(call: call.withoutOutputMemory, sizes: sizes)
    var product = terms[0]
    for position in terms.indices {
      let needed = Set(axes.result).union(terms[(position + 1)...].flatMap(\.axes))
      if position > 0 { product = try contraction.product(product, terms[position], needed: needed) }
      product = try contraction.sum(product, needed: needed)
    }
    let computed = ValueType(arithmetic, type.shape)
    let copy = StridedCopy(
      type.shape.dimensions, source: axes.result.map(product.stride), target: type.shape.strides)
    return [try call.cast(try call.arranged(product.tensor, as: computed, copy), to: type.elementType)]
  }

  private func axes(
    _ inputs: InputTypes
  ) throws(RuntimeError) -> (axes: (operands: [[Int]], result: [Int]), sizes: [Int: Int]) {
    let shapes = inputs.types.indices.map { inputs[$0].shape }
    guard let axes = equation.axes(ranks: shapes.map(\.rank)) else {
      throw inputs.mismatch(expected: "as many axes as the equation names")
    }
    var sizes: [Int: Int] = [:]
    for (names, shape) in zip(axes.operands, shapes) {
      for (name, size) in zip(names, shape.dimensions) where size != 1 {
        guard sizes.updateValue(size, forKey: name) ?? size == size else {
          throw inputs.mismatch(expected: "one size for each axis of the equation")
        }
      }
    }
    return (axes, sizes)
  }
}

extension OperatorCall {
  /// The same call, whose tensors all take memory of their own.
  var withoutOutputMemory: OperatorCall {
    OperatorCall(label: label, inputs: inputs, outputTypes: outputTypes, pool: pool)
  }
}

/// A tensor with named axes, each once.
struct EinsumTerm {
  let tensor: Tensor
  let axes: [Int]
  private let strides: [Int: Int]

  /// An axis that appears twice is the diagonal of both; a size of 1 is repeated.
  init(_ tensor: Tensor, axes: [Int]) {
    var strides: [Int: Int] = [:]
    for (axis, (name, stride)) in zip(axes, tensor.shape.strides).enumerated() {
      strides[name, default: 0] += tensor.shape[axis] == 1 ? 0 : stride
    }
    self.tensor = tensor
    self.axes = strides.keys.sorted()
    self.strides = strides
  }

  /// The distance between neighbours along an axis, 0 if there is no such axis.
  func stride(_ axis: Int) -> Int { strides[axis, default: 0] }
}

/// Products and sums of terms.
struct EinsumContraction {
  let call: OperatorCall
  /// By name of the axis; 1 where missing.
  let sizes: [Int: Int]

  /// The product of two terms, summed over the axes of both that nobody needs.
  func product(
    _ left: EinsumTerm, _ right: EinsumTerm, needed: Set<Int>
  ) throws(RuntimeError) -> EinsumTerm {
    let shared = Set(left.axes).intersection(right.axes)
    let left = try sum(left, needed: needed.union(shared))
    let right = try sum(right, needed: needed.union(shared))
    let batch = shared.intersection(needed).sorted()
    let inner = shared.subtracting(needed).sorted()
    let rows = left.axes.filter { !shared.contains($0) }
    let columns = right.axes.filter { !shared.contains($0) }
    let names = batch + rows + columns
    let type = ValueType(left.tensor.elementType, try shape(names))
    let lefts = try arranged(left, batch + rows + inner)
    let rights = try arranged(right, batch + inner + columns)
    // Counted only now that the shapes were checked.
    let product = ActivationProduct(
      rows: count(rows), inner: count(inner), columns: count(columns),
      batch: count(rows) * count(columns) == 0 ? 0 : count(batch))
    let result = try MatrixProducts(
      call: call, left: lefts, right: rights, type: type, batches: [MatrixProducts.Batch(product: product)])()
    return EinsumTerm(result, axes: names)
  }

  /// The term summed over its axes that nobody needs.
  func sum(_ term: EinsumTerm, needed: Set<Int>) throws(RuntimeError) -> EinsumTerm {
    let kept = term.axes.filter(needed.contains)
    let summed = term.axes.filter { !needed.contains($0) }
    guard !summed.isEmpty else { return term }
    let ordered = try arranged(term, kept + summed)
    let type = ValueType(term.tensor.elementType, try shape(kept))
    let length = count(summed)
    let result =
      switch type.elementType {
      case .float32: try rowSums(ordered, length, type, Float.self) { Float($0) }
      case .float64: try rowSums(ordered, length, type, Double.self) { $0 }
      case .int32, .uint32: try rowSums(ordered, length, type, Int32.self) { $0 }
      default: try rowSums(ordered, length, type, Int64.self) { $0 }
      }
    return EinsumTerm(result, axes: kept)
  }

  private func arranged(_ term: EinsumTerm, _ axes: [Int]) throws(RuntimeError) -> Tensor {
    let shape = try shape(axes)
    let copy = StridedCopy(shape.dimensions, source: axes.map(term.stride), target: shape.strides)
    return try call.arranged(term.tensor, as: ValueType(term.tensor.elementType, shape), copy)
  }

  private func shape(_ axes: [Int]) throws(RuntimeError) -> Shape {
    let dimensions = axes.map { sizes[$0, default: 1] }
    return try call.label.place { () throws(ModelError) in try Shape(dimensions) }
  }

  private func count(_ axes: [Int]) -> Int { axes.reduce(1) { $0 * sizes[$1, default: 1] } }

  /// The sums of rows, those of real numbers rounded once.
  private func rowSums<Element: ReducedElement>(
    _ source: Tensor, _ length: Int, _ type: ValueType, _ element: Element.Type,
    _ rounded: (Element.Sum) -> Element
  ) throws(RuntimeError) -> Tensor {
    let values = source.bytes.span(of: element)
    var memory = try call.memory(type)
    var target = memory.elements(of: element)
    for row in target.indices {
      var sum = Element.Sum.zero
      for index in row * length..<(row + 1) * length { sum = sum.plus(values[index].accumulator) }
      target[row] = rounded(sum)
    }
    return memory.tensor()
  }
}
