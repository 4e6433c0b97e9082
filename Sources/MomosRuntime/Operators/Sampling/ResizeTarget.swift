import MomosModel

/// Where Resize and Upsample find the factors or sizes of their axes, and what becomes of them.
struct ResizeTarget: Sendable {
  private enum Policy {
    case stretch, notLarger, notSmaller
  }

  /// Factors from an attribute.
  private let factors: [Float]?
  /// Positions of the inputs; nil where the operator has none.
  private let factorsPosition: Int?
  private let sizesPosition: Int?
  /// Axes that the factors, sizes and regions are of; nil for all.
  private let axes: [Int]?
  private let policy: Policy

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    let version = context.version
    factors = version < 9 ? try context.attributes.floats("scales") : nil
    if version < 9, factors == nil { throw .missingAttribute(context.label, attribute: "scales") }
    if version >= 9, version < 11, context.inputCount < 2 {
      throw .inputCount(context.label, expected: 2...2, found: context.inputCount)
    }
    factorsPosition = version < 9 ? nil : version < 11 ? 1 : 2
    sizesPosition = version < 11 ? nil : 3
    axes = version < 18 ? nil : try context.attributes.ints("axes")
    guard version >= 18 else {
      policy = .stretch
      return
    }
    let policies = ["stretch", "not_larger", "not_smaller"]
    switch try context.attributes.choice("keep_aspect_ratio_policy", of: policies) {
    case "not_larger": policy = .notLarger
    case "not_smaller": policy = .notSmaller
    default: policy = .stretch
    }
  }

  /// How every axis of the input is resized.
  /// - Parameter regions: the starts of the regions of all axes, then their ends; nil for whole axes.
  func axes(
    _ shape: Shape, _ inputs: InputTypes, regions: [Float]?
  ) throws(RuntimeError) -> [ResizedAxis] {
    var chosen: [Int] = []
    for axis in axes ?? Array(0..<shape.rank) {
      chosen.append(try inputs.resolved(axis: axis, rank: shape.rank))
    }
    guard Set(chosen).count == chosen.count else {
      throw .attributeValue(inputs.label, attribute: "axes", expected: "different axes", found: "\(chosen)")
    }
    var resized = shape.dimensions.map { ResizedAxis(input: $0, output: $0, scale: 1) }
    let targets = try targets(chosen.map { shape[$0] }, inputs)
    for (axis, target) in zip(chosen, targets) { resized[axis] = target }
    if let regions, regions.count == 2 * chosen.count {
      for (number, axis) in chosen.enumerated() {
        resized[axis].start = Double(regions[number])
        resized[axis].end = Double(regions[chosen.count + number])
      }
    }
    return resized
  }

  /// The chosen axes, of the given sizes.
  private func targets(_ sizes: [Int], _ inputs: InputTypes) throws(RuntimeError) -> [ResizedAxis] {
    if let sizesPosition, inputs.optional(sizesPosition) != nil {
      let requested = try inputs.integers(sizesPosition)
      if !requested.isEmpty || sizes.isEmpty {
        return try targets(sizes, requested: requested, sizesPosition, inputs)
      }
    }
    let factors = try factors(inputs)
    guard factors.count == sizes.count else {
      throw inputs.mismatch(expected: "\(sizes.count) factors or sizes")
    }
    var targets: [ResizedAxis] = []
    for (size, factor) in zip(sizes, factors) {
      let length = Double(factor) * Double(size)
      guard factor > 0, length < Double(Shape.maximumElementCount) else {
        throw .inputValue(
          inputs.label, position: factorsPosition ?? 0, expected: "factors above 0 and sizes below 2^48",
          found: "\(factors)")
      }
      targets.append(try target(size, Int(length), scale: Double(factor), inputs))
    }
    return targets
  }

  private func targets(
    _ sizes: [Int], requested: [Int], _ position: Int, _ inputs: InputTypes
  ) throws(RuntimeError) -> [ResizedAxis] {
    guard requested.count == sizes.count, requested.allSatisfy({ $0 >= 0 && $0 <= Shape.maximumElementCount })
    else {
      throw .inputValue(
        inputs.label, position: position, expected: "\(sizes.count) sizes from 0 to 2^48",
        found: "\(requested)")
    }
    var scales = zip(requested, sizes).map { $1 == 0 ? 1 : Double($0) / Double($1) }
    var outputs = requested
    if policy != .stretch, let smallest = scales.min(), let largest = scales.max() {
      let scale = policy == .notLarger ? smallest : largest
      scales = scales.map { _ in scale }
      guard sizes.allSatisfy({ Double($0) * scale < Double(Shape.maximumElementCount) }) else {
        throw inputs.mismatch(expected: "results below 2^48")
      }
      outputs = sizes.map { Int(Double($0) * scale + 0.5) }
    }
    var targets: [ResizedAxis] = []
    for number in sizes.indices {
      targets.append(try target(sizes[number], outputs[number], scale: scales[number], inputs))
    }
    return targets
  }

  private func target(
    _ input: Int, _ output: Int, scale: Double, _ inputs: InputTypes
  ) throws(RuntimeError) -> ResizedAxis {
    guard input > 0 || output == 0 else {
      throw inputs.mismatch(expected: "no elements to be made of an empty axis")
    }
    return ResizedAxis(input: input, output: output, scale: scale)
  }

  private func factors(_ inputs: InputTypes) throws(RuntimeError) -> [Float] {
    if let factors { return factors }
    guard let factorsPosition, inputs.optional(factorsPosition) != nil else {
      throw inputs.mismatch(expected: "factors or sizes")
    }
    try inputs.require(factorsPosition, in: [.float32])
    return try inputs.value(factorsPosition).floats()
  }
}
