import MomosModel

/// The tensor, number or list of numbers that an attribute holds.
struct Constant: Operator {
  private let value: Tensor

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    var values: [Tensor] = []
    if let tensor = try context.attributes.tensor("value") { values.append(tensor) }
    if context.version >= 12 {
      let label = context.label
      if let number = try context.attributes.optionalFloat("value_float") {
        values.append(try label.place { () throws(ModelError) in try Tensor([number], shape: Shape([])) })
      }
      if let numbers = try context.attributes.floats("value_floats") {
        values.append(
          try label.place { () throws(ModelError) in try Tensor(numbers, shape: Shape([numbers.count])) })
      }
      if let number = try context.attributes.int("value_int") {
        values.append(
          try label.place { () throws(ModelError) in try Tensor([Int64(number)], shape: Shape([])) })
      }
      if let numbers = try context.attributes.ints("value_ints") {
        let integers = numbers.map { Int64($0) }
        values.append(
          try label.place { () throws(ModelError) in try Tensor(integers, shape: Shape([integers.count])) })
      }
    }
    guard values.count == 1, let value = values.first else {
      throw .attributeValue(
        context.label, attribute: "value", expected: "one value, in one of its forms",
        found: "\(values.count)")
    }
    self.value = value
  }

  func inferOutputs(_ inputs: InputTypes) -> [ValueType] { [value.type] }

  func knownOutputs(_ inputs: InputTypes) -> [Tensor]? { [value] }

  func execute(_ call: OperatorCall) -> [Tensor] { [value] }
}
