import Glibc

/// Tells what time has passed since it was made.
///
/// By the system's monotonic clock: `ContinuousClock` is part of the runtime of Swift's tasks, which nothing here uses.
public struct Stopwatch: Sendable {
  private let start = Self.now

  public init() {}

  public var elapsed: Duration { Self.now - start }

  private static var now: Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
