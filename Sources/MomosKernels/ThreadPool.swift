import CMomosKernels
import Glibc

/// Runs independent tasks on a fixed number of threads.
///
/// Runs of several callers follow one another; a task must not start a run on its own pool.
@safe
public final class ThreadPool: @unchecked Sendable {
  /// Threads that work on a run, the caller included.
  public let threadCount: Int
  private let pool: OpaquePointer?

  /// - Parameter threadCount: 0 takes one for each processor. Where the system refuses more threads, one is used.
  public init(threadCount: Int) {
    let threadCount = threadCount > 0 ? threadCount : Self.processorCount
    let pool = threadCount > 1 ? unsafe momos_pool_create(Int32(clamping: threadCount)) : nil
    unsafe self.pool = unsafe pool
    self.threadCount = unsafe pool == nil ? 1 : threadCount
  }

  deinit { unsafe momos_pool_destroy(pool) }

  /// Processors that are online.
  private static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Calls `body` once for every task number in `0..<taskCount`, in any order, and returns when all are done.
  public func run(taskCount: Int, _ body: @Sendable (Int) -> Void) {
    guard let pool = unsafe pool, taskCount > 1 else {
      for task in 0..<taskCount { body(task) }
      return
    }
    withoutActuallyEscaping(body) { escapingBody in
      var box = TaskBox(body: escapingBody)
      unsafe withUnsafeMutablePointer(to: &box) { context in
        unsafe momos_pool_run(
          pool, taskCount,
          { context, task in
            unsafe context!.assumingMemoryBound(to: TaskBox.self).pointee.body(task)
          }, context)
      }
    }
  }

  /// The results of `body` for every task number in `0..<taskCount`, in order of the numbers.
  public func map<Result: Sendable>(taskCount: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
    var results = [Result?](repeating: nil, count: taskCount)
    unsafe results.withUnsafeMutableBufferPointer { buffer in
      let slots = unsafe ResultSlots(buffer: buffer)
      run(taskCount: taskCount) { task in unsafe slots.buffer[task] = body(task) }
    }
    return results.map { $0! }
  }

  /// Splits `0..<count` into ranges of `chunk` and calls `body` once for each.
  public func runChunks(of count: Int, chunk: Int, _ body: @Sendable (Range<Int>) -> Void) {
    run(taskCount: (count + chunk - 1) / chunk) { task in
      body(task * chunk..<min((task + 1) * chunk, count))
    }
  }
}

private struct TaskBox {
  let body: @Sendable (Int) -> Void
}

/// One slot for the result of each task.
@unsafe
private struct ResultSlots<Result>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Result?>
}
