import MomosModel

/// The axes in the order of `perm`, or reversed.
struct Transpose: Operator {
  private let permutation: [Int]?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    permutation = try context.attributes.ints("perm")
    if let permutation, permutation.sorted() != Array(0..<permutation.count) {
      throw .attributeValue(
        context.label, attribute: "perm", expected: "every axis once", found: "\(permutation)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let shape = inputs[0].shape
    let permutation = permutation(rank: shape.rank)
    guard permutation.count == shape.rank else {
      throw inputs.mismatch(expected: "rank \(permutation.count), as perm has")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(permutation.map { shape[$0] }))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let strides = call[0].shape.strides
    let copy = StridedCopy(
      type.shape.dimensions, source: permutation(rank: strides.count).map { strides[$0] },
      target: type.shape.strides)
    return [try call.arranged(call[0], as: type, copy)]
  }

  private func permutation(rank: Int) -> [Int] {
    permutation ?? (0..<rank).reversed()
  }
}
