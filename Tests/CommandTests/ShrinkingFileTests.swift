import FoundationEssentials
import Glibc
import MomosTestSupport
import Testing

/// A file that another process shortens while it is in use.
struct ShrinkingFileTests {
  private static let side = 4096

  private func makeFolder() throws -> TestFolder {
    let folder = try TestFolder()
    try RandomMosaic.write(side: Self.side, to: folder.file("w.momos"))
    try RandomMosaic.writeInput(side: Self.side, in: folder)
    return folder
  }

  /// Starts a measurement of many runs.
  private func start(in folder: TestFolder, load: String, runCount: Int) throws -> Subprocess {
    try Command.run.start([
      folder.file("w.momos"), "--tensor", "w", "--input", folder.file("x.npy"), "--bench",
      "--repeat", "\(runCount)", "--load", load,
    ])
  }

  @Test func mappedFileThatShrinksEndsTheCommandWithOneLine() throws {
    let folder = try makeFolder()
    let process = try start(in: folder, load: "map", runCount: 1_000_000)
    try wait(for: process) { try contents(of: "maps", process).contains("/w.momos") }
    try #require(unsafe truncate(folder.file("w.momos"), 0) == 0)
    try process.wait().expectRefusal(74, "shrank", "--load copy")
  }

  @Test func copiedFileMayShrink() throws {
    let folder = try makeFolder()
    let process = try start(in: folder, load: "copy", runCount: 300)
    // The index bytes alone: everything before them has been read as well then.
    let byteCount = Self.side * Self.side / RandomMosaic.blockLength
    try wait(for: process) { try readByteCount(of: process) > byteCount }
    try #require(unsafe truncate(folder.file("w.momos"), 0) == 0)
    let result = try process.wait()
    result.expectSuccess()
    #expect(result.standardOutput.contains("300 runs"))
  }

  /// Waits until a condition holds of a running process.
  private func wait(for process: Subprocess, until condition: () throws -> Bool) throws {
    for _ in 0..<2000 {
      if try condition() { return }
      usleep(5000)
    }
    Issue.record("the process did not come so far: \(process.standardError)")
  }

  /// Bytes that a process has read from files.
  private func readByteCount(of process: Subprocess) throws -> Int {
    let line = try contents(of: "io", process).split(separator: "\n").first { $0.hasPrefix("rchar:") }
    return line.flatMap { Int($0.dropFirst("rchar: ".count)) } ?? 0
  }

  private func contents(of name: String, _ process: Subprocess) throws -> String {
    guard let file = unsafe fopen("/proc/\(process.process)/\(name)", "r") else { return "" }
    defer { unsafe fclose(file) }
    var text: [UInt8] = []
    var byte = unsafe getc(file)
    while byte != EOF {
      text.append(UInt8(truncatingIfNeeded: byte))
      byte = unsafe getc(file)
    }
    return String(decoding: text, as: UTF8.self)
  }
}
