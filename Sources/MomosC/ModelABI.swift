// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have their names of momos.h.

public import CMomosABI
import Glibc
import Momos

/// Texts that live as long as the process.
nonisolated(unsafe) private let versionText = unsafe UnsafePointer<CChar>(strdup(momosVersion)!)
nonisolated(unsafe) private let formatVersionText = unsafe UnsafePointer<CChar>(
  strdup(MomosReader.formatVersion)!)

@c @implementation
public func momos_version() -> UnsafePointer<CChar> { unsafe versionText }

@c @implementation
public func momos_abi_version() -> Int32 { MOMOS_ABI_VERSION }

@c @implementation
public func momos_format_version() -> UnsafePointer<CChar> { unsafe formatVersionText }

@c @implementation
public func momos_element_byte_count(_ elementType: momos_element_type) -> Int {
  ElementType(rawValue: Int(elementType))?.byteCount ?? 0
}

/// An open file and what C is told of its tensors.
@safe
final class Model: Handled, @unchecked Sendable {
  static let name: StaticString = "model"
  let file: ModelFile
  /// In the order of the file; texts and dimensions belong to `values`.
  let facts: [momos_tensor_facts]
  private let values = CValues()

  init(_ file: ModelFile) throws(MomosError) {
    self.file = file
    let report = try Inspection(file).report()
    unsafe facts = zip(file.tensors, report.tensors).map { [values] entry, report in
      unsafe momos_tensor_facts(
        struct_byte_count: 0, name: values.text(entry.name),
        alias_target: entry.aliasTarget.flatMap { unsafe values.text($0) },
        form: values.text(entry.mosaic == nil ? "" : report.form ?? ""), kind: entry.kind.number,
        element_type: momos_element_type(entry.elementType.rawValue), rank: entry.shape.rank,
        dimensions: values.numbers(entry.shape.dimensions), element_count: entry.shape.elementCount,
        byte_count: entry.shape.elementCount * entry.elementType.byteCount,
        stored_byte_count: entry.storedByteCount, bits: report.bits ?? 0,
        matrix_rows: Int64(entry.mosaic?.matrixShape[0] ?? 0),
        matrix_columns: Int64(entry.mosaic?.matrixShape[1] ?? 0))
    }
  }

  /// The name of a tensor.
  func name(_ number: Int) throws(MomosError) -> String { file.tensors[try checked(number)].name }

  func checked(_ number: Int) throws(MomosError) -> Int {
    guard file.tensors.indices.contains(number) else {
      throw MomosError(
        .usage,
        "expected a tensor number from 0, below \(file.tensors.count), found \(UInt(bitPattern: number))")
    }
    return number
  }
}

extension TensorEntry.Kind {
  fileprivate var number: momos_kind {
    switch self {
    case .dense: MOMOS_DENSE
    case .mosaic: MOMOS_MOSAIC
    case .alias: MOMOS_ALIAS
    }
  }
}

extension LoadMode {
  fileprivate init(_ number: momos_load_mode) throws(MomosError) {
    switch number {
    case MOMOS_LOAD_MAP: self = .map
    case MOMOS_LOAD_COPY: self = .copy
    default: throw MomosError(.usage, "expected MOMOS_LOAD_MAP or MOMOS_LOAD_COPY, found \(number)")
    }
  }
}

@c @implementation
public func momos_open(
  _ path: UnsafePointer<CChar>?, _ load: momos_load_mode, _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> momos_status {
  status { () throws(MomosError) in
    let target = unsafe try required(model, "model")
    let file = try ModelFile(path: unsafe text(path, "path"), load: LoadMode(load))
    unsafe target.pointee = unsafe Handle.make(try Model(file))
  }
}

@c @implementation
public func momos_open_memory(
  _ bytes: UnsafeRawPointer?, _ byteCount: Int, _ release: momos_release?,
  _ context: UnsafeMutableRawPointer?,
  _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> momos_status {
  status { () throws(MomosError) in
    guard let start = unsafe bytes, byteCount >= 0 else {
      unsafe release?(bytes, context)
      throw MomosError(.usage, "bytes: expected a file in memory, found NULL or more bytes than there are")
    }
    let memory = unsafe try adopted(start, byteCount, release, context)
    let target = unsafe try required(model, "model")
    let file = try ModelFile(bytes: memory, name: "file in memory")
    unsafe target.pointee = unsafe Handle.make(try Model(file))
  }
}

/// The caller's memory, or a copy where there is nothing to give it back with.
@unsafe
private func adopted(
  _ start: UnsafeRawPointer, _ byteCount: Int, _ release: momos_release?, _ context: UnsafeMutableRawPointer?
) throws(MomosError) -> Bytes {
  guard let release = unsafe release else {
    do throws(ModelError) {
      return try unsafe Bytes(copying: UnsafeRawBufferPointer(start: start, count: byteCount))
    } catch {
      throw MomosError(.system, "no memory for \(byteCount) bytes")
    }
  }
  // The caller said that any thread may call.
  nonisolated(unsafe) let context = unsafe context
  return unsafe Bytes(owning: start, count: byteCount) { start, _ in unsafe release(start, context) }
}

@c @implementation
public func momos_model_free(_ model: OpaquePointer?) { unsafe Handle.free(model, Model.self) }

@c @implementation
public func momos_check(_ model: OpaquePointer?) -> momos_status {
  status { () throws(MomosError) in try unsafe Handle.object(model, Model.self).file.check() }
}

@c @implementation
public func momos_inspect(
  _ model: OpaquePointer?, _ checksAll: Int32, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> momos_status {
  status { () throws(MomosError) in
    let target = unsafe try required(json, "json")
    let report = try Inspection(unsafe Handle.object(model, Model.self).file).report(
      checksAll: checksAll != 0)
    try unsafe give(report.json, to: target)
  }
}

@c @implementation
public func momos_graph(
  _ model: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> momos_status {
  status { () throws(MomosError) in
    let target = unsafe try required(json, "json")
    let text = try Inspection(unsafe Handle.object(model, Model.self).file).graphJSON
    if let text { try unsafe give(text, to: target) } else { unsafe target.pointee = nil }
  }
}

@c @implementation
public func momos_text_free(_ text: UnsafeMutablePointer<CChar>?) { unsafe free(text) }
