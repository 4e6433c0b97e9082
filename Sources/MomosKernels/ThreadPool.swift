/// Runs independent tasks on a fixed number of threads.
public final class ThreadPool: Sendable {
  /// Threads that work on a run, the caller included.
  public let threadCount: Int

  /// - Parameter threadCount: at least 1.
  public init(threadCount: Int) {
    self.threadCount = max(1, threadCount)
  }

  /// Calls `body` once for every task number in `0..<taskCount` and returns when all are done.
  public func run(taskCount: Int, _ body: @Sendable (Int) -> Void) {
    for task in 0..<taskCount { body(task) }
  }
}
