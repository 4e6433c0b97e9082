import FoundationEssentials
import Glibc

/// A folder in memory for the files of one process.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/dev/shm/momos-fuzz-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    guard made else { throw Finding(text: "no folder in /dev/shm") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    ScratchFolder.removeAtExit(path)
  }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ bytes: [UInt8], to name: String) throws {
    let descriptor = unsafe open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    guard descriptor >= 0, unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw Finding(text: "cannot write \(path(name))")
    }
  }

  private static func removeAtExit(_ path: String) {
    unsafe folders.append(path)
    guard unsafe folders.count == 1 else { return }
    atexit {
      for folder in unsafe ScratchFolder.folders { try? FileManager.default.removeItem(atPath: folder) }
    }
  }

  nonisolated(unsafe) private static var folders: [String] = []
}
