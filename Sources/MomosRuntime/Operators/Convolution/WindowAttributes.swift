import MomosModel

/// The attributes by which a window slides over the spatial axes of `[N, C, spatial...]`, as convolutions and pooling
/// have them.
struct WindowAttributes: Sendable, Hashable {
  private enum Padding {
    case explicit, sameUpper, sameLower, valid
  }

  /// Sizes and distances above this are refused, so that positions never overflow.
  static let limit = Int(Int32.max)
  /// One to three spatial axes.
  static let ranks = 3...5

  /// `kernel_shape`, nil where the node leaves it out.
  let kernel: [Int]?
  private let strides: [Int]?
  private let dilations: [Int]?
  private let pads: [Int]?
  private let padding: Padding
  private let roundsUp: Bool

  /// - Parameters:
  ///   - hasDilations: whether the operator has the attribute in this version.
  ///   - hasCeilMode: the same of `ceil_mode`.
  init(_ context: inout OperatorContext, hasDilations: Bool = true, hasCeilMode: Bool = false)
    throws(RuntimeError)
  {
    kernel = try context.sizes("kernel_shape", from: 1)
    strides = try context.sizes("strides", from: 1)
    dilations = hasDilations ? try context.sizes("dilations", from: 1) : nil
    pads = try context.sizes("pads", from: 0)
    roundsUp = hasCeilMode ? try context.attributes.flag("ceil_mode", default: false) : false
    switch try context.attributes.choice("auto_pad", of: ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]) {
    case "SAME_UPPER": padding = .sameUpper
    case "SAME_LOWER": padding = .sameLower
    case "VALID": padding = .valid
    default: padding = .explicit
    }
  }

  /// The attributes `dilations`, `pads` and `strides`, and on request `kernel_shape`.
  init(strided context: inout OperatorContext, hasKernel: Bool = false) throws(RuntimeError) {
    kernel = hasKernel ? try context.sizes("kernel_shape", from: 1) : nil
    strides = try context.sizes("strides", from: 1)
    dilations = try context.sizes("dilations", from: 1)
    pads = try context.sizes("pads", from: 0)
    padding = .explicit
    roundsUp = false
  }

  /// How the window slides over an input `[N, C, spatial...]`.
  /// - Parameter kernel: the sizes of the window along the spatial axes.
  func window(over input: Shape, kernel: [Int], label: NodeLabel) throws(RuntimeError) -> Window {
    guard Self.ranks.contains(input.rank) else {
      throw .shapes(label, expected: "one to three spatial axes after two others", found: [input])
    }
    let sizes = Array(input.dimensions.dropFirst(2))
    try check(rank: sizes.count, kernel, label)
    var axes: [WindowAxis] = []
    for (axis, size) in sizes.enumerated() {
      let (stride, dilation) = (strides?[axis] ?? 1, dilations?[axis] ?? 1)
      let reach = (kernel[axis] - 1) * dilation + 1
      guard size <= Self.limit else {
        throw .shapes(label, expected: "spatial axes of at most \(Self.limit)", found: [input])
      }
      let padding = self.padding(size, reach: reach, stride: stride, axis: axis, of: sizes.count)
      let free = size + padding.before + padding.after - reach
      guard free >= 0 else {
        throw .shapes(
          label, expected: "at least \(reach) padded positions along axis \(axis + 2)", found: [input])
      }
      var count = free / stride + 1
      // A last window that begins behind the input and what pads its front would see padding only.
      if roundsUp, free % stride != 0, count * stride < size + padding.before { count += 1 }
      axes.append(
        WindowAxis(
          input: size, kernel: kernel[axis], stride: stride, dilation: dilation, padBefore: padding.before,
          padAfter: padding.after, output: count))
    }
    return Window(axes)
  }

  /// How the window is placed where a transposed convolution writes: the input positions are the window's outputs.
  /// - Parameters:
  ///   - outputPadding: added behind the output along each spatial axis.
  ///   - outputSizes: of the spatial axes, where the node states them; they decide the padding.
  func transposedWindow(
    over input: Shape, kernel: [Int], outputPadding: [Int]?, outputSizes: [Int]?, label: NodeLabel
  ) throws(RuntimeError) -> Window {
    guard Self.ranks.contains(input.rank) else {
      throw .shapes(label, expected: "one to three spatial axes after two others", found: [input])
    }
    let sizes = Array(input.dimensions.dropFirst(2))
    try check(rank: sizes.count, kernel, label)
    try requireCount(outputPadding, "output_padding", sizes.count, label)
    try requireCount(outputSizes, "output_shape", sizes.count, label)
    var axes: [WindowAxis] = []
    for (axis, size) in sizes.enumerated() {
      let (stride, dilation) = (strides?[axis] ?? 1, dilations?[axis] ?? 1)
      guard size > 0, size <= Self.limit else {
        throw .shapes(label, expected: "spatial axes of 1 to \(Self.limit)", found: [input])
      }
      let whole = (size - 1) * stride + (outputPadding?[axis] ?? 0) + (kernel[axis] - 1) * dilation + 1
      let (before, output) = transposedPadding(
        whole, size * stride, requested: outputSizes?[axis], axis: axis, of: sizes.count)
      guard output >= 0 else {
        throw .shapes(label, expected: "padding below \(whole) along axis \(axis + 2)", found: [input])
      }
      axes.append(
        WindowAxis(
          input: output, kernel: kernel[axis], stride: stride, dilation: dilation, padBefore: before,
          padAfter: 0, output: size))
    }
    return Window(axes)
  }

  private func padding(
    _ size: Int, reach: Int, stride: Int, axis: Int, of axisCount: Int
  ) -> (before: Int, after: Int) {
    switch padding {
    case .explicit: return (pads?[axis] ?? 0, pads?[axisCount + axis] ?? 0)
    case .valid: return (0, 0)
    case .sameUpper, .sameLower:
      let count = (size + stride - 1) / stride
      let total = max((count - 1) * stride + reach - size, 0)
      let before = padding == .sameUpper ? total / 2 : total - total / 2
      return (before, total - before)
    }
  }

  /// Padding in front, and the size that is left, of an axis whose windows cover `whole` positions.
  private func transposedPadding(
    _ whole: Int, _ same: Int, requested: Int?, axis: Int, of axisCount: Int
  ) -> (before: Int, output: Int) {
    let isSame = padding == .sameUpper || padding == .sameLower
    if let output = requested ?? (isSame ? same : nil) {
      let total = max(whole - output, 0)
      return (padding == .sameUpper ? total / 2 : total - total / 2, output)
    }
    guard padding == .explicit, let pads else { return (0, whole) }
    return (pads[axis], whole - pads[axis] - pads[axisCount + axis])
  }

  private func check(rank: Int, _ kernel: [Int], _ label: NodeLabel) throws(RuntimeError) {
    try requireCount(kernel, "kernel_shape", rank, label)
    guard kernel.allSatisfy({ $0 > 0 && $0 <= Self.limit }) else {
      throw .attributeValue(
        label, attribute: "kernel_shape", expected: "numbers from 1 to \(Self.limit)", found: "\(kernel)")
    }
    try requireCount(strides, "strides", rank, label)
    try requireCount(dilations, "dilations", rank, label)
    try requireCount(pads, "pads", 2 * rank, label)
  }

  private func requireCount(
    _ values: [Int]?, _ name: String, _ count: Int, _ label: NodeLabel
  ) throws(RuntimeError) {
    guard let values, values.count != count else { return }
    throw .attributeValue(label, attribute: name, expected: "\(count) numbers", found: "\(values)")
  }
}

extension OperatorContext {
  /// An attribute of numbers in `minimum...WindowAttributes.limit`.
  mutating func sizes(_ name: String, from minimum: Int) throws(RuntimeError) -> [Int]? {
    guard let numbers = try attributes.ints(name) else { return nil }
    guard numbers.allSatisfy({ $0 >= minimum && $0 <= WindowAttributes.limit }) else {
      throw .attributeValue(
        label, attribute: name, expected: "numbers from \(minimum) to \(WindowAttributes.limit)",
        found: "\(numbers)")
    }
    return numbers
  }
}
