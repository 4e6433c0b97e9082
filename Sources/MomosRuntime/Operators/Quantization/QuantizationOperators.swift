/// Values on a grid of integers.
enum QuantizationOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("ConvInteger", ConvInteger.self, since: 10, inputs: 2...4),
    OperatorEntry("DequantizeLinear", DequantizeLinear.self, since: 10, inputs: 2...3),
    OperatorEntry(
      "DynamicQuantizeLinear", DynamicQuantizeLinear.self, since: 11, inputs: 1...1, outputs: 1...3),
    OperatorEntry("MatMulInteger", MatMulInteger.self, since: 10, inputs: 2...4),
    OperatorEntry("QLinearConv", QLinearConv.self, since: 10, inputs: 8...9),
    OperatorEntry("QLinearMatMul", QLinearMatMul.self, since: 10, inputs: 8...8),
    OperatorEntry("QuantizeLinear", QuantizeLinear.self, since: 10, inputs: 2...3),
  ]
}
