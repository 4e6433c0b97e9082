import Glibc

/// An immutable run of bytes: a heap block or a mapped file, owned together with everyone who shares it.
///
/// Copies and slices are O(1) and keep the owner alive.
@safe
public struct Bytes: Sendable {
  fileprivate let owner: ByteOwner
  fileprivate let offset: Int
  public let count: Int

  /// An empty run.
  public init() {
    self.init(owner: ByteOwner.empty, offset: 0, count: 0)
  }

  /// Copies `elements` as they lie in memory.
  public init<Element: BitwiseCopyable>(copying elements: [Element]) throws(ModelError) {
    var buffer = try MutableBytes(byteCount: elements.count * MemoryLayout<Element>.stride)
    unsafe elements.withUnsafeBytes { unsafe buffer.copy($0) }
    self = buffer.freeze()
  }

  /// Copies memory of somebody else.
  @unsafe
  public init(copying memory: UnsafeRawBufferPointer) throws(ModelError) {
    var buffer = try MutableBytes(byteCount: memory.count)
    unsafe buffer.copy(memory)
    self = buffer.freeze()
  }

  /// Takes over memory such as a mapping; `release` runs when the last user is gone.
  /// - Parameter base: valid for `count` bytes until `release` is called, never written meanwhile.
  @unsafe
  public init(
    owning base: UnsafeRawPointer, count: Int, release: @escaping @Sendable (UnsafeRawPointer, Int) -> Void
  ) {
    self.init(owner: unsafe ByteOwner(base: base, count: count, release: release), offset: 0, count: count)
  }

  private init(owner: ByteOwner, offset: Int, count: Int) {
    self.owner = owner
    self.offset = offset
    self.count = count
  }

  fileprivate init(freezing buffer: borrowing MutableBytes) {
    self.init(owner: buffer.owner, offset: buffer.offset, count: buffer.byteCount)
  }

  /// The bytes as a span.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      let span = unsafe RawSpan(_unsafeStart: owner.base + offset, byteCount: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The bytes as elements of a type without invalid bit patterns.
  ///
  /// The count must be a multiple of the stride, the start aligned for the type.
  @_lifetime(borrow self)
  public borrowing func span<Element: BitwiseCopyable>(of type: Element.Type) -> Span<Element> {
    let stride = MemoryLayout<Element>.stride
    precondition(count % stride == 0)
    let start = unsafe owner.base + offset
    precondition(UInt(bitPattern: start) % UInt(MemoryLayout<Element>.alignment) == 0)
    let span = unsafe Span<Element>(
      _unsafeStart: start.assumingMemoryBound(to: Element.self), count: count / stride)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// The elements as an array; copies.
  public func array<Element: BitwiseCopyable>(of type: Element.Type) -> [Element] {
    let source = span(of: type)
    // The empty array is one for all threads, and is not to be written.
    guard !source.isEmpty else { return [] }
    return unsafe [Element](unsafeUninitializedCapacity: source.count) { buffer, initializedCount in
      if let target = buffer.baseAddress {
        unsafe memcpy(target, owner.base + offset, count)
      }
      initializedCount = source.count
    }
  }

  /// The part `range`, which must lie inside `0..<count`.
  public subscript(range: Range<Int>) -> Bytes {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return Bytes(owner: owner, offset: offset + range.lowerBound, count: range.count)
  }

  /// Where the bytes lie in an arena, or nil if they lie elsewhere.
  public func offset(in arena: ByteArena) -> Int? {
    arena.owner === owner ? offset : nil
  }

  /// The same bytes in memory of their own.
  public func copied() throws(ModelError) -> Bytes {
    var buffer = try MutableBytes(byteCount: count)
    buffer.copy(self)
    return buffer.freeze()
  }

  /// True if both are the same bytes of the same owner, not only equal ones.
  public func isIdentical(to other: Bytes) -> Bool {
    owner === other.owner && offset == other.offset && count == other.count
  }
}

extension Bytes: Hashable {
  /// True if the contents are equal.
  public static func == (left: Bytes, right: Bytes) -> Bool {
    guard left.count == right.count else { return false }
    if left.isIdentical(to: right) || left.count == 0 { return true }
    return unsafe memcmp(
      left.owner.base + left.offset, right.owner.base + right.offset, left.count) == 0
  }

  public func hash(into hasher: inout Hasher) {
    unsafe hasher.combine(bytes: UnsafeRawBufferPointer(start: owner.base + offset, count: count))
  }
}

/// One block of memory whose regions are written again and again, by a user who plans which of them live at a time.
@safe
public final class ByteArena: Sendable {
  fileprivate let owner: ByteOwner
  public let byteCount: Int

  /// - Parameter spool: where the block lies instead of memory.
  /// - Throws: `ModelError.allocationFailed` when memory is short, `spoolFailed`.
  public init(byteCount: Int, in spool: SpoolFolder? = nil) throws(ModelError) {
    self.byteCount = byteCount
    owner = try MutableBytes(byteCount: byteCount, in: spool).freeze().owner
  }

  /// A region to write anew. It holds what was last written there.
  ///
  /// Nobody may read or write a region that overlaps it while it is written.
  /// - Parameter range: inside `0..<byteCount`, from a multiple of 64 on.
  public func region(_ range: Range<Int>) -> MutableBytes {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount && range.lowerBound % 64 == 0)
    return MutableBytes(region: range, of: owner)
  }
}

/// Owns the memory behind `Bytes`.
@safe
private final class ByteOwner: @unchecked Sendable {
  static let empty = unsafe ByteOwner(
    base: UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 64)), count: 0
  ) { _, _ in }

  let base: UnsafeRawPointer
  private let count: Int
  private let release: @Sendable (UnsafeRawPointer, Int) -> Void

  @unsafe
  init(
    base: UnsafeRawPointer, count: Int, release: @escaping @Sendable (UnsafeRawPointer, Int) -> Void
  ) {
    unsafe self.base = unsafe base
    self.count = count
    unsafe self.release = unsafe release
  }

  deinit { unsafe release(base, count) }
}

/// Writable memory, zero at first and aligned to 64 bytes, that becomes `Bytes` when complete.
@safe
public struct MutableBytes: ~Copyable {
  fileprivate let owner: ByteOwner
  /// Where the memory begins in its owner's.
  fileprivate let offset: Int
  public let byteCount: Int

  /// - Parameter spool: where the block lies instead of memory.
  /// - Throws: `ModelError.allocationFailed` when memory is short, `spoolFailed`.
  public init(byteCount: Int, in spool: SpoolFolder? = nil) throws(ModelError) {
    precondition(byteCount >= 0)
    offset = 0
    self.byteCount = byteCount
    if let spool, byteCount > 0 {
      owner = unsafe ByteOwner(base: try spool.map(byteCount: byteCount), count: byteCount) { base, count in
        unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
      }
      return
    }
    guard byteCount <= Int.max - 64,
      let memory = unsafe aligned_alloc(64, (max(byteCount, 1) + 63) & ~63)
    else { throw .allocationFailed(byteCount: byteCount) }
    unsafe memset(memory, 0, byteCount)
    owner = unsafe ByteOwner(base: UnsafeRawPointer(memory), count: byteCount) { base, _ in
      unsafe free(UnsafeMutableRawPointer(mutating: base))
    }
  }

  fileprivate init(region: Range<Int>, of owner: ByteOwner) {
    self.owner = owner
    offset = region.lowerBound
    byteCount = region.count
  }

  /// The memory as elements; the byte count must be a multiple of the stride.
  @_lifetime(&self)
  public mutating func mutableSpan<Element: BitwiseCopyable>(of type: Element.Type) -> MutableSpan<Element> {
    let stride = MemoryLayout<Element>.stride
    precondition(byteCount % stride == 0)
    let span = unsafe MutableSpan<Element>(
      _unsafeStart: base.assumingMemoryBound(to: Element.self), count: byteCount / stride)
    return unsafe _overrideLifetime(span, mutating: &self)
  }

  /// Sets every byte to zero.
  public mutating func clear() {
    unsafe memset(base, 0, byteCount)
  }

  fileprivate mutating func copy(_ source: Bytes) {
    unsafe copy(UnsafeRawBufferPointer(start: source.owner.base + source.offset, count: source.count))
  }

  /// - Parameter source: as many bytes as there are here.
  @unsafe
  fileprivate mutating func copy(_ source: UnsafeRawBufferPointer) {
    if let start = source.baseAddress { unsafe memcpy(base, start, byteCount) }
  }

  /// Ends writing.
  public consuming func freeze() -> Bytes {
    Bytes(freezing: self)
  }

  /// The owner's memory is writable: only this value or an arena makes such an owner.
  private var base: UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(mutating: owner.base + offset)
  }
}
