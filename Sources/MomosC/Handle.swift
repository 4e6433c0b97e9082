import CMomosABI
import Glibc
import Momos

/// An object behind an opaque pointer of C.
protocol Handled: AnyObject {
  /// What momos.h calls it.
  static var name: StaticString { get }
}

/// Objects behind the opaque pointers of C, each held by one reference that its free function gives up.
enum Handle {
  static func make(_ object: some AnyObject) -> OpaquePointer {
    unsafe OpaquePointer(Unmanaged.passRetained(object).toOpaque())
  }

  /// The object behind a pointer.
  /// - Throws: for NULL.
  static func object<Object: Handled>(
    _ pointer: OpaquePointer?, _ type: Object.Type = Object.self
  ) throws(MomosError) -> Object {
    let pointer = unsafe try required(pointer, Object.name)
    return unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }

  static func free<Object: AnyObject>(_ pointer: OpaquePointer?, _ type: Object.Type) {
    guard let pointer = unsafe pointer else { return }
    unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }
}

/// Runs the body of a function; what it throws becomes the status and this thread's error text.
func status(_ body: () throws(MomosError) -> Void) -> momos_status {
  do throws(MomosError) {
    try body()
    return MOMOS_OK
  } catch {
    // A control character would break the promise of one line.
    unsafe error.description.printable.withCString { unsafe momos_error_text_set($0) }
    return error.status
  }
}

extension MomosError {
  fileprivate var status: momos_status {
    switch kind {
    case .usage: MOMOS_USAGE
    case .badData: MOMOS_BAD_DATA
    case .missingInput: MOMOS_MISSING
    case .system: MOMOS_SYSTEM
    case .cancelled: MOMOS_CANCELLED
    }
  }
}

/// A pointer that must not be NULL.
func required<Pointer>(_ pointer: Pointer?, _ name: StaticString) throws(MomosError) -> Pointer {
  guard let pointer else {
    throw MomosError(.usage, "\(name): expected a pointer, found NULL")
  }
  return pointer
}

/// The text behind a pointer.
/// - Throws: for NULL, and unless it is UTF-8.
func text(_ pointer: UnsafePointer<CChar>?, _ name: StaticString) throws(MomosError) -> String {
  guard let text = try unsafe String(validatingCString: required(pointer, name)) else {
    throw MomosError(.usage, "\(name): expected UTF-8, found other bytes")
  }
  return text
}

/// Gives a text to the caller, who frees it with `momos_text_free`.
func give(
  _ text: String, to target: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) throws(MomosError) {
  guard let copy = unsafe strdup(text) else { throw MomosError(.system, "no memory for a text") }
  unsafe target.pointee = copy
}

/// Texts and numbers in C's form, which live as long as this object.
@safe
final class CValues: @unchecked Sendable {
  private var texts: [UnsafeMutablePointer<CChar>] = unsafe []
  private var numbers: [UnsafeMutablePointer<Int64>] = unsafe []
  private var lists: [UnsafeMutablePointer<UnsafePointer<CChar>?>] = unsafe []

  func text(_ text: String) -> UnsafePointer<CChar>? {
    guard let copy = unsafe strdup(text) else { return nil }
    unsafe texts.append(copy)
    return unsafe UnsafePointer(copy)
  }

  func numbers(_ values: [Int]) -> UnsafePointer<Int64> {
    let copy = UnsafeMutablePointer<Int64>.allocate(capacity: max(values.count, 1))
    for (position, value) in values.enumerated() { unsafe copy[position] = Int64(value) }
    unsafe numbers.append(copy)
    return unsafe UnsafePointer(copy)
  }

  func texts(_ values: [String]) -> UnsafePointer<UnsafePointer<CChar>?> {
    let copy = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: max(values.count, 1))
    for (position, value) in values.enumerated() { unsafe copy[position] = unsafe text(value) }
    unsafe lists.append(copy)
    return unsafe UnsafePointer(copy)
  }

  deinit {
    for number in unsafe texts.indices { unsafe free(texts[number]) }
    for number in unsafe numbers.indices { unsafe numbers[number].deallocate() }
    for number in unsafe lists.indices { unsafe lists[number].deallocate() }
  }
}

/// Writes a structure of C, but no more of it than the caller has room for.
///
/// - Parameters:
///   - byteCount: the structure's first member as the caller set it.
///   - value: the structure, whose first member is replaced by the caller's.
func write<Value: BitwiseCopyable>(
  _ value: Value, to target: UnsafeMutablePointer<Value>, byteCount: Int
) throws(MomosError) {
  guard byteCount >= MemoryLayout<Int>.size, byteCount <= 1 << 16 else {
    throw MomosError(
      .usage,
      "struct_byte_count: expected \(MemoryLayout<Value>.size), the size of the structure, found "
        + "\(UInt(bitPattern: byteCount))"
    )
  }
  let start = MemoryLayout<Int>.size
  let count = min(byteCount, MemoryLayout<Value>.size) - start
  unsafe withUnsafeBytes(of: value) { bytes in
    guard let source = bytes.baseAddress else { return }
    unsafe (UnsafeMutableRawPointer(target) + start).copyMemory(from: source + start, byteCount: count)
  }
}

extension UnsafePointer {
  /// - Throws: unless the address is a multiple of the alignment of the elements.
  func aligned(_ name: StaticString) throws(MomosError) -> UnsafePointer {
    guard UInt(bitPattern: self) % UInt(MemoryLayout<Pointee>.alignment) == 0 else {
      throw MomosError(
        .usage,
        "\(name): expected an address that is a multiple of \(MemoryLayout<Pointee>.alignment), found another"
      )
    }
    return unsafe self
  }
}
