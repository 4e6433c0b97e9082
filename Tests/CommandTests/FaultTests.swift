import FoundationEssentials
import Glibc
import MomosModel
import MomosTestSupport
import Testing

/// What goes wrong outside: folders and files that cannot be written, sources that shrink, signals, little memory.
@Suite(.disabled(if: Sanitizer.isActive))
struct FaultTests {
  /// A folder that nobody may write to, for a user who is not the superuser.
  @Test func unwritableFolderIsReportedBeforeTheWork() throws {
    let folder = try TestFolder()
    let output = try folder.folder("closed")
    #expect(unsafe chmod(output, 0o555) == 0)
    defer { unsafe chmod(output, 0o755) }
    // The superuser may write everywhere, unless a file system is read-only: /proc always is one.
    let target = geteuid() == 0 ? "/proc/a.momos" : "\(output)/a.momos"
    try Command.convert([Digits.weights, "-o", target, "--quiet"]).expectRefusal(74, target)
    let path = try Digits.convert(into: folder)
    try Command.inspect([path, "--extract", "fc1.bias=\(target)"]).expectRefusal(74, target)
    try Command.run([path, "--input", Digits.imagesInput, "--output", "logits=\(target)"])
      .expectRefusal(74, target)
  }

  /// A file that is read-only is replaced like any other when that is asked for, and only then: whole.
  @Test func readOnlyOutputIsReplacedOnRequestAlone() throws {
    let folder = try TestFolder()
    try folder.write(Array("old".utf8), to: "a.momos")
    #expect(unsafe chmod(folder.file("a.momos"), 0o444) == 0)
    let arguments = [Digits.weights, "-o", folder.file("a.momos"), "--quiet"]
    try Command.convert(arguments).expectRefusal(64, "--force")
    #expect(try folder.bytes(of: "a.momos") == Array("old".utf8))
    try Command.convert(arguments + ["--force"]).expectSuccess()
    try Command.inspect([folder.file("a.momos"), "--check"]).expectSuccess()
  }

  /// A full disk at any of the writes of a conversion and of what it saves beside the file.
  @Test func fullDiskAtEveryWriteLeavesNothing() throws {
    let folder = try TestFolder()
    let arguments =
      [Digits.weights, "--graph", Digits.graph, "-o", "a.momos", "--quiet"] + Digits.twoBits
      + ["--calibration", Digits.imagesInput, "--save-calibration", "c.npz", "--save-plan", "p.json"]
    try Command.convert(arguments, in: folder).expectSuccess()
    let sizes = try ["a.momos", "c.npz", "p.json"].map { try folder.bytes(of: $0).count }
    for name in folder.names { try FileManager.default.removeItem(atPath: folder.file(name)) }
    let largest = sizes.max() ?? 0
    var generator = SeededGenerator(seed: 3)
    let limits =
      [1, 63, 64, 65] + sizes.map { $0 - 1 } + (0..<12).map { _ in generator.nextIndex(below: largest) }
    for limit in limits {
      let result = try Command.convert(
        arguments, in: folder, limit: .fileSize(max(1, limit)), output: .file("/dev/null"),
        error: .file("/dev/null"))
      #expect(result.exitCode == 74, "limit \(limit)")
      // Whole files that were complete before the disk was full, and a journal for --resume.
      for (name, size) in zip(["a.momos", "c.npz", "p.json"], sizes) where folder.names.contains(name) {
        #expect(try folder.bytes(of: name).count == size, "limit \(limit)")
      }
      #expect(!folder.names.contains("a.momos"))
      for name in folder.names { try FileManager.default.removeItem(atPath: folder.file(name)) }
    }
  }

  /// A source that another process shortens while it is converted.
  @Test func shrinkingSourceEndsInOneLine() throws {
    let folder = try TestFolder()
    let side = 3000
    var generator = SeededGenerator(seed: 9)
    let values = (0..<side * side).map { _ in Float(generator.nextUniform()) }
    try NPYFixture.write(Tensor(values, shape: Shape([side, side])), to: folder.file("w.npy"))
    let process = try Command.convert.start(
      [folder.file("w.npy"), "-o", folder.file("w.momos"), "--quiet", "--threads", "1"])
    for _ in 0..<2000 where !((try? isMapped("w.npy", by: process)) ?? false) { usleep(1000) }
    try #require(unsafe truncate(folder.file("w.npy"), 0) == 0)
    let result = try process.wait()
    result.expectRefusal(74, "shrank")
    #expect(folder.names == ["w.npy"])
  }

  private func isMapped(_ name: String, by process: Subprocess) throws -> Bool {
    let maps = FileManager.default.contents(atPath: "/proc/\(process.process)/maps") ?? Data()
    return String(decoding: maps, as: UTF8.self).contains("/\(name)")
  }

  /// A process that is stopped and continued all the time: system calls return early and are taken up again.
  @Test func interruptedSystemCallsChangeNothing() throws {
    let folder = try TestFolder()
    let arguments = [Digits.weights, "--graph", Digits.graph, "--quiet", "-o"]
    try Command.convert(arguments + [folder.file("a.momos")]).expectSuccess()
    let process = try Command.convert.start(arguments + [folder.file("b.momos")])
    for _ in 0..<200 {
      kill(process.process, SIGSTOP)
      usleep(100)
      kill(process.process, SIGCONT)
      usleep(200)
    }
    try process.wait().expectSuccess()
    #expect(try folder.bytes(of: "a.momos") == folder.bytes(of: "b.momos"))
  }

  /// Four hundred kilobytes that are deflated from 400 MB, as zip archives may be.
  @Test func memberThatMemoryDoesNotHoldIsRefused() throws {
    let folder = try TestFolder()
    let script = "import numpy; numpy.savez_compressed('w.npz', w=numpy.zeros((10000, 10000), 'f4'))"
    #expect(try Subprocess("python3", ["-c", script], in: folder.path).wait().exitCode == 0)
    #expect(try folder.bytes(of: "w.npz").count < 1 << 20)
    try Command.convert(["w.npz", "-o", "w.momos"], in: folder, limit: .addressSpace(300 << 20))
      .expectRefusal(74, "bytes of memory")
    #expect(folder.names == ["w.npz"])
  }

  /// A matrix of 256 MB in a file of 16 MB.
  @Test func largeTensorIsRefusedWhereMemoryIsScarce() throws {
    let folder = try TestFolder()
    try RandomMosaic.write(side: 8192, to: folder.file("w.momos"))
    for megabytes in [120, 200] {
      try Command.inspect(
        ["w.momos", "--extract", "w=new"], in: folder, limit: .addressSpace(megabytes << 20)
      )
      .expectRefusal(74, "cannot allocate")
      #expect(folder.names == ["w.momos"])
    }
  }

  /// Under any limit on memory a conversion ends well or leaves nothing.
  @Test func scarceMemoryLeavesNoPartialOutput() throws {
    let folder = try TestFolder()
    let side = 1024
    var generator = SeededGenerator(seed: 4)
    let values = (0..<side * side).map { _ in Float(generator.nextUniform()) }
    try NPYFixture.write(Tensor(values, shape: Shape([side, side])), to: folder.file("w.npy"))
    var (successCount, refusalCount) = (0, 0)
    for megabytes in stride(from: 40, through: 120, by: 10) {
      let result = try Command.convert(
        ["w.npy", "-o", "new", "--quiet", "--effort", "fast", "--threads", "1"], in: folder,
        limit: .addressSpace(megabytes << 20))
      if result.exitCode == 0 {
        successCount += 1
        try Command.inspect(["new", "--check"], in: folder).expectSuccess()
        try FileManager.default.removeItem(atPath: folder.file("new"))
      } else {
        refusalCount += 1
        result.expectRefusal(74, "annot allocate")
      }
      #expect(folder.names == ["w.npy"], "\(megabytes) MiB")
    }
    #expect(successCount > 0)
    #expect(refusalCount > 0)
  }

  /// The same of everything that other commands do with a file.
  @Test func scarceMemoryIsSaidInOneLine() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let calls: [(Command, [String])] = [
      (.verify, [Digits.weights, path, "--input", Digits.imagesInput, "--threads", "1"]),
      (.run, [path, "--input", Digits.imagesInput, "--output", "logits=new", "--threads", "1"]),
      (.inspect, [path, "--complexity"]), (.inspect, [path, "--extract", "fc2.weight=new"]),
    ]
    for (command, arguments) in calls {
      var successCount = 0
      for megabytes in stride(from: 32, through: 160, by: 2) where successCount < 3 {
        let result = try command(arguments, in: folder, limit: .addressSpace(megabytes << 20))
        // The loader of programs has its own words.
        if result.exitCode == 127 { continue }
        if result.exitCode == 0 {
          successCount += 1
          try? FileManager.default.removeItem(atPath: folder.file("new"))
        } else {
          result.expectRefusal(74, "annot allocate")
        }
        #expect(folder.names == ["digits.momos"], "\(command.name), \(megabytes) MiB")
      }
      #expect(successCount > 0, "\(command.name)")
    }
  }
}
