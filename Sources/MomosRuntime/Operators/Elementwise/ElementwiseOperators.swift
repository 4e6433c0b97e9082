/// Arithmetic, comparisons, logic and conversions, element by element.
enum ElementwiseOperators {
  static let table = arithmetic + functions + trigonometry + logic + conversions

  private static let arithmetic: [OperatorEntry] = [
    OperatorEntry("Add", Add.self, inputs: 2...2),
    OperatorEntry("Div", Div.self, inputs: 2...2),
    OperatorEntry("Max", Max.self, inputs: 1...Int.max),
    OperatorEntry("Mean", Mean.self, inputs: 1...Int.max),
    OperatorEntry("Min", Min.self, inputs: 1...Int.max),
    OperatorEntry("Mod", Mod.self, since: 10, inputs: 2...2),
    OperatorEntry("Mul", Mul.self, inputs: 2...2),
    OperatorEntry("Pow", Pow.self, inputs: 2...2),
    OperatorEntry("Sub", Sub.self, inputs: 2...2),
    OperatorEntry("Sum", Sum.self, inputs: 1...Int.max),
  ]

  private static let functions: [OperatorEntry] = [
    OperatorEntry("Abs", Abs.self, inputs: 1...1),
    OperatorEntry("Ceil", Ceil.self, inputs: 1...1),
    OperatorEntry("Clip", Clip.self, inputs: 1...3),
    OperatorEntry("Exp", Exp.self, inputs: 1...1),
    OperatorEntry("Floor", Floor.self, inputs: 1...1),
    OperatorEntry("Log", Log.self, inputs: 1...1),
    OperatorEntry("Neg", Neg.self, inputs: 1...1),
    OperatorEntry("Reciprocal", Reciprocal.self, inputs: 1...1),
    OperatorEntry("Round", Round.self, since: 11, inputs: 1...1),
    OperatorEntry("Sign", Sign.self, since: 9, inputs: 1...1),
    OperatorEntry("Sqrt", Sqrt.self, inputs: 1...1),
  ]

  private static let trigonometry: [OperatorEntry] = [
    OperatorEntry("Acos", Acos.self, inputs: 1...1),
    OperatorEntry("Acosh", Acosh.self, since: 9, inputs: 1...1),
    OperatorEntry("Asin", Asin.self, inputs: 1...1),
    OperatorEntry("Asinh", Asinh.self, since: 9, inputs: 1...1),
    OperatorEntry("Atan", Atan.self, inputs: 1...1),
    OperatorEntry("Atanh", Atanh.self, since: 9, inputs: 1...1),
    OperatorEntry("Cos", Cos.self, inputs: 1...1),
    OperatorEntry("Cosh", Cosh.self, since: 9, inputs: 1...1),
    OperatorEntry("Sin", Sin.self, inputs: 1...1),
    OperatorEntry("Sinh", Sinh.self, since: 9, inputs: 1...1),
    OperatorEntry("Tan", Tan.self, inputs: 1...1),
  ]

  private static let logic: [OperatorEntry] = [
    OperatorEntry("And", And.self, inputs: 2...2),
    OperatorEntry("BitShift", BitShift.self, since: 11, inputs: 2...2),
    OperatorEntry("BitwiseAnd", BitwiseAnd.self, since: 18, inputs: 2...2),
    OperatorEntry("BitwiseNot", BitwiseNot.self, since: 18, inputs: 1...1),
    OperatorEntry("BitwiseOr", BitwiseOr.self, since: 18, inputs: 2...2),
    OperatorEntry("BitwiseXor", BitwiseXor.self, since: 18, inputs: 2...2),
    OperatorEntry("Equal", Equal.self, inputs: 2...2),
    OperatorEntry("Greater", Greater.self, inputs: 2...2),
    OperatorEntry("GreaterOrEqual", GreaterOrEqual.self, since: 12, inputs: 2...2),
    OperatorEntry("IsInf", IsInf.self, since: 10, inputs: 1...1),
    OperatorEntry("IsNaN", IsNaN.self, since: 9, inputs: 1...1),
    OperatorEntry("Less", Less.self, inputs: 2...2),
    OperatorEntry("LessOrEqual", LessOrEqual.self, since: 12, inputs: 2...2),
    OperatorEntry("Not", Not.self, inputs: 1...1),
    OperatorEntry("Or", Or.self, inputs: 2...2),
    OperatorEntry("Where", Where.self, since: 9, inputs: 3...3),
    OperatorEntry("Xor", Xor.self, inputs: 2...2),
  ]

  private static let conversions: [OperatorEntry] = [
    OperatorEntry("BitCast", BitCast.self, since: 26, inputs: 1...1),
    OperatorEntry("Cast", Cast.self, inputs: 1...1),
    OperatorEntry("CastLike", CastLike.self, since: 15, inputs: 2...2),
  ]
}
