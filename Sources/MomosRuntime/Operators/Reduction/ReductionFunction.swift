import MomosKernels
import MomosModel

/// What a reduction makes of the elements of a slice.
///
/// The elements, or their absolute values or squares, are joined in some order, and what comes out is finished.
enum ReductionFunction: Sendable {
  case sum
  /// That of no real numbers is NaN, of no integers zero.
  case mean
  case product
  /// The lowest value there is for no elements.
  case maximum
  /// The highest value there is for no elements.
  case minimum
  case absoluteSum
  case squareSum
  /// The square root of the sum of the squares, of integers without its fraction.
  case euclidean
  case logarithmOfSum

  var elementTypes: [ElementType] {
    switch self {
    case .logarithmOfSum: ElementType.floatingPoint
    case .maximum, .minimum: Self.sum.elementTypes + [.int8, .uint8, .bool]
    default: ElementType.floatingPoint + [.int32, .int64, .uint32, .uint64]
    }
  }

  /// Version of the operator set from which the axes are an input.
  var axesAreInputSince: Int { self == .sum ? 13 : 18 }

  /// The vector kernel that joins float32 elements; nil if there is none.
  var kernel: ElementOperation? {
    switch self {
    case .maximum: .maximum
    case .minimum: .minimum
    default: nil
    }
  }

  /// What joining no elements gives.
  func start<Number: Accumulator>(_ number: Number.Type) -> Number {
    switch self {
    case .product: .one
    case .maximum: .lowest
    case .minimum: .highest
    default: .zero
    }
  }

  /// Joins each result with a row of elements. Not for the largest and smallest elements.
  @inline(never)
  func join<Element: ReducedElement>(
    rows: Span<Element>, length: Int, to results: inout MutableSpan<Element.Sum>
  ) {
    let start = start(Element.Sum.self)
    switch self {
    case .product: Self.join(rows, length, &results, start, { $0 }, { $0.times($1) })
    case .absoluteSum: Self.join(rows, length, &results, start, { $0.absolute }, { $0.plus($1) })
    case .squareSum, .euclidean: Self.join(rows, length, &results, start, { $0.times($0) }, { $0.plus($1) })
    default: Self.join(rows, length, &results, start, { $0 }, { $0.plus($1) })
    }
  }

  /// Joins the results with rows of one element for each. Not for the largest and smallest elements.
  @inline(never)
  func join<Element: ReducedElement>(_ elements: Span<Element>, to results: inout MutableSpan<Element.Sum>) {
    switch self {
    case .product: Self.join(elements, &results) { $0.times($1) }
    case .absoluteSum: Self.join(elements, &results) { $0.plus($1.absolute) }
    case .squareSum, .euclidean: Self.join(elements, &results) { $0.plus($1.times($1)) }
    default: Self.join(elements, &results) { $0.plus($1) }
    }
  }

  /// As `join(rows:length:to:)`, for the largest or smallest elements.
  @inline(never)
  func joinExtremes<Element: ReducedElement>(
    rows: Span<Element>, length: Int, to results: inout MutableSpan<Element.Sum>
  ) {
    let start = start(Element.Sum.self)
    if self == .maximum {
      Self.join(rows, length, &results, start, { $0 }, { $0.larger($1) })
    } else {
      Self.join(rows, length, &results, start, { $0 }, { $0.smaller($1) })
    }
  }

  /// As `join(_:to:)`, for the largest or smallest elements.
  @inline(never)
  func joinExtremes<Element: ReducedElement>(
    _ elements: Span<Element>, to results: inout MutableSpan<Element.Sum>
  ) {
    if self == .maximum {
      Self.join(elements, &results) { $0.larger($1) }
    } else {
      Self.join(elements, &results) { $0.smaller($1) }
    }
  }

  /// Every row in four that do not wait for each other.
  @inline(__always)
  private static func join<Element: ReducedElement>(
    _ rows: Span<Element>, _ length: Int, _ results: inout MutableSpan<Element.Sum>, _ start: Element.Sum,
    _ prepare: (Element.Sum) -> Element.Sum, _ join: (Element.Sum, Element.Sum) -> Element.Sum
  ) {
    for row in results.indices {
      let run = rows.extracting((row * length)..<((row + 1) * length))
      var (first, second, third, fourth) = (start, start, start, start)
      var index = 0
      while index + 4 <= run.count {
        first = join(first, prepare(run[index].accumulator))
        second = join(second, prepare(run[index + 1].accumulator))
        third = join(third, prepare(run[index + 2].accumulator))
        fourth = join(fourth, prepare(run[index + 3].accumulator))
        index += 4
      }
      while index < run.count {
        first = join(first, prepare(run[index].accumulator))
        index += 1
      }
      results[row] = join(results[row], join(join(first, second), join(third, fourth)))
    }
  }

  @inline(__always)
  private static func join<Element: ReducedElement>(
    _ elements: Span<Element>, _ results: inout MutableSpan<Element.Sum>,
    _ join: (Element.Sum, Element.Sum) -> Element.Sum
  ) {
    for first in stride(from: 0, to: elements.count, by: results.count) {
      let row = elements.extracting(first..<(first + results.count))
      for index in row.indices { results[index] = join(results[index], row[index].accumulator) }
    }
  }
}
