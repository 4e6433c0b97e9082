import MomosModel

/// The first operand raised to the second, which may be of another type; both are broadcast. The result has the type
/// of the first.
///
/// Integer powers of integers wrap; those with a negative exponent are truncated toward zero. A real power of integers
/// is computed in float64 and truncated.
struct Pow: Operator {
  private let takesOtherExponents: Bool

  init(_ context: inout OperatorContext) {
    takesOtherExponents = context.version >= 12
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let integers: [ElementType] = takesOtherExponents ? [.int32, .int64] : []
    try inputs.require(0, in: ElementType.floatingPoint + integers)
    try inputs.require(1, in: ElementType.numbers)
    if !takesOtherExponents { try inputs.requireEqualElementTypes() }
    return [ValueType(inputs[0].elementType, try inputs.broadcastShape())]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let hasIntegers = !call[0].elementType.isFloatingPoint && !call[1].elementType.isFloatingPoint
    if hasIntegers { return [try integerPowers(call)] }
    // An exponent of up to 16 bits is exact in float32.
    let isWide = [call[0].elementType, call[1].elementType].contains { $0 != .float32 && $0.byteCount > 2 }
    let arithmetic: ElementType = isWide ? .float64 : .float32
    let base = try call.cast(call[0], to: arithmetic)
    let exponent = try call.cast(call[1], to: arithmetic)
    let computed = ValueType(arithmetic, type.shape)
    let powers =
      isWide
      ? try realPowers(call, base, exponent, computed, Double.self)
      : try realPowers(call, base, exponent, computed, Float.self)
    return [try call.cast(powers, to: type.elementType)]
  }

  /// Squares and cubes, which networks are full of, are products.
  private func realPowers<Number: RealNumber>(
    _ call: OperatorCall, _ base: Tensor, _ exponent: Tensor, _ type: ValueType, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    if exponent.elementCount == 1 && base.shape == type.shape {
      let power = exponent.bytes.span(of: number)[0]
      if power == 2 {
        return try call.mapped(base, to: type) { bases, memory in memory.map(bases) { (x: Number) in x * x } }
      }
      if power == 3 {
        return try call.mapped(base, to: type) { bases, memory in
          memory.map(bases) { (x: Number) in x * x * x }
        }
      }
    }
    return try call.combined(base, exponent, to: type) { bases, exponents, walk, memory in
      memory.combine(bases, exponents, &walk) { (base: Number, exponent: Number) in
        Number.power(base, exponent)
      }
    }
  }

  private func integerPowers(_ call: OperatorCall) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let wide = ValueType(.int64, type.shape)
    let base = try call.cast(call[0], to: .int64)
    var exponent = call[1]
    if exponent.elementType == .uint64 {
      exponent = try call.mapped(exponent, UInt64.self) { min($0, UInt64(Int64.max)) }
    }
    exponent = try call.cast(exponent, to: .int64)
    var hasPole = false
    let powers = try call.combined(base, exponent, to: wide) { bases, exponents, walk, memory in
      memory.combine(bases, exponents, &walk) { (base: Int64, exponent: Int64) in
        if base == 0 && exponent < 0 { hasPole = true }
        return Self.power(base, exponent)
      }
    }
    if hasPole { throw .integerDivisionByZero(call.label) }
    return try call.cast(powers, to: type.elementType)
  }

  /// base^exponent modulo 2^64; of a negative exponent the part without the fraction, which is zero for a zero base.
  private static func power(_ base: Int64, _ exponent: Int64) -> Int64 {
    if exponent < 0 {
      return base == 1 ? 1 : base == -1 ? (exponent.isMultiple(of: 2) ? 1 : -1) : 0
    }
    var (result, square, rest): (Int64, Int64, Int64) = (1, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }
}
