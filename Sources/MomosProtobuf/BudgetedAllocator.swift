public import CProtobufC
import Glibc

/// Counts the bytes that opening a file may hold at one time and says no beyond a limit.
public final class MemoryBudget {
  private let limit: Int
  public private(set) var liveByteCount = 0
  public private(set) var isExhausted = false

  public init(limit: Int) {
    self.limit = limit
  }

  /// Adds to what is held; false, for this and every later charge, if that would pass the limit.
  public func charge(_ byteCount: Int) -> Bool {
    if isExhausted || byteCount > limit - liveByteCount {
      isExhausted = true
      return false
    }
    liveByteCount += byteCount
    return true
  }

  public func release(_ byteCount: Int) {
    liveByteCount -= byteCount
  }

  /// What a block of so many bytes takes of the heap: 8 bytes more, in steps of 16, at least 32 (glibc).
  public static func blockByteCount(_ byteCount: Int) -> Int { max(32, (byteCount + 8 + 15) & ~15) }
}

/// A protobuf-c allocator that charges a budget; it returns NULL when the budget or the memory is short.
///
/// Each block is preceded by 16 bytes that hold what it takes of the heap.
@safe
public struct BudgetedAllocator {
  private static let prefixByteCount = 16
  private let budget: MemoryBudget

  public init(charging budget: MemoryBudget) {
    self.budget = budget
  }

  /// Calls `body` with the C allocator, which must not be used afterwards.
  @unsafe
  public func withAllocator<Result>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> Result) -> Result {
    var allocator = unsafe ProtobufCAllocator(
      alloc: { data, size in unsafe BudgetedAllocator.allocate(data, size) },
      free: { data, block in unsafe BudgetedAllocator.release(data, block) },
      allocator_data: Unmanaged.passUnretained(budget).toOpaque())
    return withExtendedLifetime(budget) { unsafe body(&allocator) }
  }

  @unsafe
  private static func allocate(_ data: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
    guard let data = unsafe data, size >= 0, size < Int.max / 2 else { return nil }
    let budget = unsafe Unmanaged<MemoryBudget>.fromOpaque(data).takeUnretainedValue()
    let byteCount = MemoryBudget.blockByteCount(size + prefixByteCount)
    guard budget.charge(byteCount) else { return nil }
    guard let block = unsafe malloc(size + prefixByteCount) else {
      budget.release(byteCount)
      return nil
    }
    unsafe block.storeBytes(of: byteCount, as: Int.self)
    return unsafe block + prefixByteCount
  }

  @unsafe
  private static func release(_ data: UnsafeMutableRawPointer?, _ pointer: UnsafeMutableRawPointer?) {
    guard let data = unsafe data, let pointer = unsafe pointer else { return }
    let budget = unsafe Unmanaged<MemoryBudget>.fromOpaque(data).takeUnretainedValue()
    let block = unsafe pointer - prefixByteCount
    budget.release(unsafe block.load(as: Int.self))
    unsafe free(block)
  }
}
