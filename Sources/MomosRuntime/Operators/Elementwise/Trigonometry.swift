/// The sine of an angle in radians.
struct Sin: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.sine(x) }
}

/// The cosine of an angle in radians.
struct Cos: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.cosine(x) }
}

/// The tangent of an angle in radians.
struct Tan: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.tangent(x) }
}

/// The angle in -pi/2...pi/2 with the given sine; NaN outside -1...1.
struct Asin: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.arcSine(x) }
}

/// The angle in 0...pi with the given cosine; NaN outside -1...1.
struct Acos: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.arcCosine(x) }
}

/// The angle in -pi/2...pi/2 with the given tangent.
struct Atan: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.arcTangent(x) }
}

/// (e^x - e^-x) / 2
struct Sinh: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.hyperbolicSine(x) }
}

/// (e^x + e^-x) / 2
struct Cosh: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.hyperbolicCosine(x) }
}

/// The inverse of `Sinh`.
struct Asinh: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.areaHyperbolicSine(x) }
}

/// The inverse of `Cosh` that is not negative; NaN below 1.
struct Acosh: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.areaHyperbolicCosine(x) }
}

/// The inverse of `Tanh`; NaN outside -1...1.
struct Atanh: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.areaHyperbolicTangent(x) }
}
