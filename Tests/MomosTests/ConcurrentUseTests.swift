import FoundationEssentials
import Glibc
import Momos
import MomosModel
import MomosTestSupport
import Synchronization
import Testing

/// One opened model in many hands.
struct ConcurrentUseTests {
  private static let digits = Fixtures.path + "/sources/digits-mlp"

  private func makeDigits() throws -> (conversion: TestConversion, images: Tensor) {
    let conversion = try TestConversion([:])
    try conversion.convert {
      $0.sources = [Self.digits + "/weights"]
      $0.graph = Self.digits + "/graph.json"
    }
    return (
      conversion,
      try NPYFixture.tensor(at: URL(filePath: Self.digits + "/test_images.npy"), elementType: .uint8)
    )
  }

  @Test func sixteenThreadsGetWhatOneGets() throws {
    let (conversion, images) = try makeDigits()
    let session = try Session(path: conversion.file)
    let expected = try session.run(["images": images])
    let results = Results()
    let threads = (0..<16).map { _ in
      Thread {
        for _ in 0..<25 { results.add((try? session.run(["images": images])) == expected) }
      }
    }
    for thread in threads { thread.join() }
    #expect(results.count == 400 && results.allAreTrue)
  }

  /// Each in a process of its own, all at once.
  @Test func fourProcessesGetWhatOneGets() async throws {
    let (conversion, images) = try makeDigits()
    let session = try Session(path: conversion.file)
    let expected = try #require(try session.run(["images": images])["logits"])
    let path = conversion.file
    let digest = expected.bytes.array(of: UInt8.self).reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          await #expect(processExitsWith: .success) {
            [path = path as String, digest = digest as UInt64] in
            let images = try NPYFixture.tensor(
              at: URL(filePath: Fixtures.path + "/sources/digits-mlp/test_images.npy"), elementType: .uint8)
            let session = try Session(path: path)
            for _ in 0..<10 {
              let logits = try #require(try session.run(["images": images])["logits"])
              let found = logits.bytes.array(of: UInt8.self).reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
              guard found == digest else { exit(1) }
            }
          }
        }
      }
    }
  }
}

/// A thread that runs a closure.
private final class Thread: @unchecked Sendable {
  private var handle = pthread_t()
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    unsafe pthread_create(
      &handle, nil,
      { context in
        let thread = unsafe Unmanaged<Thread>.fromOpaque(context!).takeRetainedValue()
        thread.body()
        return nil
      }, context)
  }

  func join() { pthread_join(handle, nil) }
}

/// Booleans of several threads.
private final class Results: Sendable {
  private let values = Mutex<[Bool]>([])

  func add(_ value: Bool) { values.withLock { $0.append(value) } }
  var count: Int { values.withLock { $0.count } }
  var allAreTrue: Bool { values.withLock { $0.allSatisfy { $0 } } }
}
