import MomosKernels
import Synchronization
import Testing

struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 8])
  func everyTaskRunsOnce(threadCount: Int) {
    let pool = ThreadPool(threadCount: threadCount)
    #expect(pool.threadCount == threadCount)
    for taskCount in [0, 1, 2, 100, 1000] {
      let results = pool.map(taskCount: taskCount) { $0 * $0 }
      #expect(results == (0..<taskCount).map { $0 * $0 })
    }
  }

  @Test func chunksCoverTheRange() {
    let pool = ThreadPool(threadCount: 2)
    let sum = Atomic(0)
    let calls = Atomic(0)
    pool.runChunks(of: 1003, chunk: 100) { range in
      sum.add(range.reduce(0, +), ordering: .relaxed)
      calls.add(1, ordering: .relaxed)
    }
    #expect(sum.load(ordering: .relaxed) == 1002 * 1003 / 2)
    #expect(calls.load(ordering: .relaxed) == 11)
  }

  @Test func callersOnSeveralThreadsTakeTurns() async {
    let pool = ThreadPool(threadCount: 2)
    await withTaskGroup(of: Bool.self) { group in
      for caller in 0..<8 {
        group.addTask {
          (0..<50).allSatisfy { _ in
            pool.map(taskCount: 20) { $0 + caller } == (0..<20).map { $0 + caller }
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test func sleepingWorkersWake() throws {
    let pool = ThreadPool(threadCount: 2)
    for _ in 0..<5 {
      #expect(pool.map(taskCount: 10) { $0 } == Array(0..<10))
      var still = 0
      let end = ContinuousClock.now + .milliseconds(20)
      while ContinuousClock.now < end { still += 1 }
      #expect(still > 0)
    }
  }
}
