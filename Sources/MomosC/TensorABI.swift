// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have their names of momos.h.

public import CMomosABI
import Momos

@c @implementation
public func momos_tensor_count(_ model: OpaquePointer?) -> Int {
  (try? unsafe Handle.object(model, Model.self))?.file.tensors.count ?? 0
}

@c @implementation
public func momos_tensor_describe(
  _ model: OpaquePointer?, _ number: Int, _ facts: UnsafeMutablePointer<momos_tensor_facts>?
) -> momos_status {
  status { () throws(MomosError) in
    let model = try unsafe Handle.object(model, Model.self)
    let target = unsafe try required(facts, "facts")
    let value = try unsafe model.facts[model.checked(number)]
    try unsafe write(value, to: target, byteCount: target.pointee.struct_byte_count)
  }
}

@c @implementation
public func momos_tensor_find(
  _ model: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ number: UnsafeMutablePointer<Int>?
) -> momos_status {
  status { () throws(MomosError) in
    let model = try unsafe Handle.object(model, Model.self)
    let target = unsafe try required(number, "number")
    unsafe target.pointee = try unsafe model.file.entry(text(name, "name")).number - 1
  }
}

@c @implementation
public func momos_tensor_load(
  _ model: OpaquePointer?, _ number: Int, _ tensor: UnsafeMutablePointer<OpaquePointer?>?
) -> momos_status {
  status { () throws(MomosError) in
    let model = try unsafe Handle.object(model, Model.self)
    let target = unsafe try required(tensor, "tensor")
    let loaded = try model.file.tensor(model.name(number))
    unsafe target.pointee = unsafe Handle.make(TensorObject(loaded))
  }
}

/// A loaded tensor behind a pointer of C.
final class TensorObject: Handled, Sendable {
  static let name: StaticString = "tensor"
  let tensor: LoadedTensor

  init(_ tensor: LoadedTensor) {
    self.tensor = tensor
  }
}

@c @implementation
public func momos_tensor_free(_ tensor: OpaquePointer?) { unsafe Handle.free(tensor, TensorObject.self) }

@c @implementation
public func momos_tensor_view(_ tensor: OpaquePointer?) -> UnsafeRawPointer? {
  guard let stored = (try? unsafe Handle.object(tensor, TensorObject.self))?.tensor.stored,
    stored.bytes.count > 0
  else { return nil }
  // The tensor's owner keeps the memory until it is freed.
  return unsafe stored.bytes.bytes.withUnsafeBytes { $0.baseAddress }
}

@c @implementation
public func momos_tensor_read(
  _ tensor: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ byteCount: Int
) -> momos_status {
  status { () throws(MomosError) in
    let tensor = try unsafe Handle.object(tensor, TensorObject.self).tensor
    try requireByteCount(byteCount, tensor.shape.elementCount * tensor.elementType.byteCount)
    try unsafe copy(tensor.dense(), to: buffer)
  }
}

@c @implementation
public func momos_tensor_read_rows(
  _ tensor: OpaquePointer?, _ rows: UnsafePointer<Int64>?, _ rowCount: Int,
  _ buffer: UnsafeMutableRawPointer?,
  _ byteCount: Int
) -> momos_status {
  status { () throws(MomosError) in
    let tensor = try unsafe Handle.object(tensor, TensorObject.self).tensor
    guard rowCount > 0 else {
      guard rowCount == 0 else { throw MomosError(.usage, "row_count: expected fewer rows than 2^63") }
      return try requireByteCount(byteCount, 0)
    }
    let rowElements = tensor.shape.dimensions.dropFirst().reduce(1, *)
    let (expected, overflow) = rowCount.multipliedReportingOverflow(
      by: rowElements * tensor.elementType.byteCount)
    guard !overflow else { throw MomosError(.usage, "row_count: expected fewer rows, found \(rowCount)") }
    try requireByteCount(byteCount, expected)
    let numbers = unsafe try required(rows, "rows").aligned("rows")
    let list = unsafe UnsafeBufferPointer(start: numbers, count: rowCount).map { Int($0) }
    try unsafe copy(tensor.rows(list), to: buffer)
  }
}

private func requireByteCount(_ found: Int, _ expected: Int) throws(MomosError) {
  guard found == expected else {
    throw MomosError(.usage, "byte_count: expected \(expected), found \(UInt(bitPattern: found))")
  }
}

private func copy(_ tensor: Tensor, to buffer: UnsafeMutableRawPointer?) throws(MomosError) {
  guard tensor.bytes.count > 0 else { return }
  let target = unsafe try required(buffer, "buffer")
  unsafe tensor.bytes.bytes.withUnsafeBytes { source in
    if let start = source.baseAddress {
      unsafe target.copyMemory(from: start, byteCount: source.count)
    }
  }
}
