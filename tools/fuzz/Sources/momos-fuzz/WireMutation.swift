extension WireMessage {
  /// Changes one to four fields anywhere in the tree: their values, their places, whether they are there.
  mutating func mutate(_ dice: inout Dice) {
    for _ in 0...dice.below(4) {
      let donors = allFields
      guard !donors.isEmpty else { return }
      var position = dice.below(donors.count)
      change(&position) { fields, index in Self.change(&fields, index, donors, &dice) }
    }
  }

  /// Every field, in depth-first order.
  private var allFields: [Field] {
    fields.flatMap { field -> [Field] in
      if case .message(let message) = field.value { [field] + message.allFields } else { [field] }
    }
  }

  /// Calls `body` with the field that is `position`-th in depth-first order and those beside it.
  @discardableResult
  private mutating func change(_ position: inout Int, _ body: (inout [Field], Int) -> Void) -> Bool {
    for index in fields.indices {
      if position == 0 {
        body(&fields, index)
        return true
      }
      position -= 1
      guard case .message(var inner) = fields[index].value else { continue }
      if inner.change(&position, body) {
        fields[index].value = .message(inner)
        return true
      }
    }
    return false
  }

  private static func change(
    _ fields: inout [Field], _ index: Int, _ donors: [Field], _ dice: inout Dice
  ) {
    switch dice.below(12) {
    case 0: fields.remove(at: index)
    case 1: fields.insert(fields[index], at: index)
    case 2:
      if let donor = dice.pick(donors) { fields.insert(donor, at: index) }
    case 3: fields.swapAt(index, dice.below(fields.count))
    case 4, 5:
      // Most often a name in place of a name, or a number in place of a number.
      let alike = donors.filter { $0.value.kind == fields[index].value.kind }
      if let donor = dice.pick(alike) { fields[index].value = donor.value }
    case 6:
      let alike = donors.filter {
        $0.number == fields[index].number && $0.value.kind == fields[index].value.kind
      }
      if let donor = dice.pick(alike) { fields[index].value = donor.value }
    case 7:
      fields.insert(Field(number: UInt64(1 + dice.below(16)), value: .varint(dice.changed(1))), at: index)
    default: fields[index].value = fields[index].value.changed(&dice)
    }
  }
}

extension WireMessage.Value {
  fileprivate var kind: Int {
    switch self {
    case .varint: 0
    case .fixed64: 1
    case .fixed32: 2
    case .bytes: 3
    case .packed: 4
    case .message: 5
    }
  }

  fileprivate func changed(_ dice: inout Dice) -> Self {
    switch self {
    case .varint(let number): .varint(dice.changed(number))
    case .fixed64(let number): .fixed64(dice.changed(number))
    case .fixed32(let number):
      .fixed32(
        dice.oneIn(3)
          ? Float(dice.pick([0, -1, .nan, .infinity, -.infinity, 1e38, 1e-40, 0.5]) ?? 0).bitPattern
          : UInt32(truncatingIfNeeded: dice.changed(UInt64(number))))
    case .bytes(let bytes):
      dice.oneIn(40)
        ? .bytes([UInt8](repeating: 0x61, count: 1020 + dice.below(8))) : .bytes(dice.changed(bytes))
    case .packed(let numbers): .packed(Self.changed(numbers, &dice))
    case .message(var message):
      {
        message.mutate(&dice)
        return .message(message)
      }()
    }
  }

  private static func changed(_ numbers: [UInt64], _ dice: inout Dice) -> [UInt64] {
    var result = numbers
    let position = dice.below(numbers.count)
    switch dice.below(5) {
    case 0 where !numbers.isEmpty: result.remove(at: position)
    case 1: result.insert(dice.changed(1), at: position)
    case 2 where !numbers.isEmpty: result.swapAt(position, dice.below(numbers.count))
    default:
      if !numbers.isEmpty { result[position] = dice.changed(numbers[position]) }
    }
    return result
  }
}
