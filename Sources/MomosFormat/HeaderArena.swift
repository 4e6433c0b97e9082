import CMomosSchema
import CProtobufC
import Glibc
import MomosModel

/// Owns the C memory of a header message that is being encoded, and frees all of it at once.
@safe
final class HeaderArena {
  private var blocks: [UnsafeMutableRawPointer] = unsafe []

  deinit {
    while let block = unsafe blocks.popLast() { unsafe free(block) }
  }

  /// Zeroed memory for `count` values, nil for none.
  @unsafe
  func allocate<Value>(_ type: Value.Type, count: Int) throws(FormatError) -> UnsafeMutablePointer<Value>? {
    guard count > 0 else { return nil }
    guard let block = unsafe calloc(count, MemoryLayout<Value>.stride) else {
      throw FormatError(
        .allocation, at: "header", expected: "memory for \(count * MemoryLayout<Value>.stride) bytes",
        found: "none")
    }
    unsafe blocks.append(block)
    return unsafe block.bindMemory(to: Value.self, capacity: count)
  }

  /// A repeated scalar field.
  @unsafe
  func scalars<Value: BitwiseCopyable>(_ values: [Value]) throws(FormatError) -> UnsafeMutablePointer<Value>?
  {
    let target = unsafe try allocate(Value.self, count: values.count)
    for (position, value) in values.enumerated() { unsafe target?[position] = value }
    return unsafe target
  }

  @unsafe
  func text(_ value: [UInt8]?) throws(FormatError) -> ProtobufCBinaryData {
    unsafe ProtobufCBinaryData(len: value?.count ?? 0, data: try scalars(value ?? []))
  }

  @unsafe
  func texts(_ values: [[UInt8]]) throws(FormatError) -> UnsafeMutablePointer<ProtobufCBinaryData>? {
    let target = unsafe try allocate(ProtobufCBinaryData.self, count: values.count)
    for (position, value) in values.enumerated() { unsafe target?[position] = try text(value) }
    return unsafe target
  }

  /// A repeated message field: `initialize` is the generated `..._init`, `fill` sets the fields.
  @unsafe
  func messages<Record, Message>(
    _ records: [Record], _ initialize: (UnsafeMutablePointer<Message>?) -> Void,
    _ fill: (Record, inout Message) throws(FormatError) -> Void
  ) throws(FormatError) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?>? {
    let pointers = unsafe try allocate(UnsafeMutablePointer<Message>?.self, count: records.count)
    let storage = unsafe try allocate(Message.self, count: records.count)
    for (position, record) in records.enumerated() {
      guard let message = unsafe storage.map({ unsafe $0 + position }) else { continue }
      unsafe initialize(message)
      unsafe try fill(record, &message.pointee)
      unsafe pointers?[position] = unsafe message
    }
    return unsafe pointers
  }

  /// 1 for a present optional field, else 0.
  func presence<Value>(_ value: Value?) -> protobuf_c_boolean {
    value == nil ? 0 : 1
  }
}
