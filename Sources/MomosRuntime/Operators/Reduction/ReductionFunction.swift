import MomosKernels
import MomosModel

/// What a reduction makes of the elements of a slice: `finished` of the `prepared` elements, `joined` in some order.
protocol ReductionFunction: Sendable {
  static var elementTypes: [ElementType] { get }
  /// Version of the operator set from which the axes are an input.
  static var axesAreInputSince: Int { get }
  /// The vector kernel that joins float32 elements, which are neither prepared nor finished; nil if there is none.
  static var kernel: ElementOperation? { get }
  /// What joining no elements gives.
  static func start<Number: Accumulator>(_ number: Number.Type) -> Number
  static func prepared<Number: Accumulator>(_ element: Number) -> Number
  static func joined<Number: Accumulator>(_ left: Number, _ right: Number) -> Number
  static func finished<Number: Accumulator>(_ value: Number, count: Int) -> Number
}

extension ReductionFunction {
  static var elementTypes: [ElementType] { ElementType.floatingPoint + [.int32, .int64, .uint32, .uint64] }
  static var axesAreInputSince: Int { 18 }
  static var kernel: ElementOperation? { nil }
  static func start<Number: Accumulator>(_ number: Number.Type) -> Number { .zero }
  @inline(__always)
  static func prepared<Number: Accumulator>(_ element: Number) -> Number { element }
  @inline(__always)
  static func joined<Number: Accumulator>(_ left: Number, _ right: Number) -> Number { left.plus(right) }
  static func finished<Number: Accumulator>(_ value: Number, count: Int) -> Number { value }
}

/// The sum.
enum SumReduction: ReductionFunction {
  static var axesAreInputSince: Int { 13 }
}

/// The arithmetic mean; that of no real numbers is NaN, of no integers zero.
enum MeanReduction: ReductionFunction {
  static func finished<Number: Accumulator>(_ value: Number, count: Int) -> Number {
    value.divided(by: count)
  }
}

/// The product.
enum ProductReduction: ReductionFunction {
  static func start<Number: Accumulator>(_ number: Number.Type) -> Number { .one }
  static func joined<Number: Accumulator>(_ left: Number, _ right: Number) -> Number { left.times(right) }
}

/// The largest element; the lowest value there is for none.
enum MaximumReduction: ReductionFunction {
  static var elementTypes: [ElementType] { SumReduction.elementTypes + [.int8, .uint8, .bool] }
  static var kernel: ElementOperation? { .maximum }
  static func start<Number: Accumulator>(_ number: Number.Type) -> Number { .lowest }
  static func joined<Number: Accumulator>(_ left: Number, _ right: Number) -> Number { left.larger(right) }
}

/// The smallest element; the highest value there is for none.
enum MinimumReduction: ReductionFunction {
  static var elementTypes: [ElementType] { MaximumReduction.elementTypes }
  static var kernel: ElementOperation? { .minimum }
  static func start<Number: Accumulator>(_ number: Number.Type) -> Number { .highest }
  static func joined<Number: Accumulator>(_ left: Number, _ right: Number) -> Number { left.smaller(right) }
}

/// The sum of the absolute values.
enum AbsoluteSumReduction: ReductionFunction {
  static func prepared<Number: Accumulator>(_ element: Number) -> Number { element.absolute }
}

/// The sum of the squares.
enum SquareSumReduction: ReductionFunction {
  static func prepared<Number: Accumulator>(_ element: Number) -> Number { element.times(element) }
}

/// The square root of the sum of the squares.
enum EuclideanReduction: ReductionFunction {
  static func prepared<Number: Accumulator>(_ element: Number) -> Number { element.times(element) }
  static func finished<Number: Accumulator>(_ value: Number, count: Int) -> Number { value.root }
}

/// The logarithm of the sum.
enum LogarithmOfSumReduction: ReductionFunction {
  static var elementTypes: [ElementType] { ElementType.floatingPoint }
  static func finished<Number: Accumulator>(_ value: Number, count: Int) -> Number { value.naturalLogarithm }
}
