import FoundationEssentials
import Glibc
import MomosTestSupport

/// A program that runs beside the test, without a shell.
final class Subprocess {
  /// Where its standard output or standard error goes.
  enum Output {
    case captured
    case file(String)
    case closed
  }

  struct Result {
    /// 128 plus the number of the signal for a program that a signal ended, as shells count.
    let exitCode: Int32
    let standardOutput: String
    let standardError: String
  }

  let process: pid_t
  private let folder: TestFolder
  private var exitCode: Int32?

  /// Starts a program that is found like a shell would find it.
  /// - Parameters:
  ///   - directory: where it runs, so that its arguments may be relative paths; nil for that of the test.
  ///   - environment: added to the environment of the test.
  init(
    _ program: String, _ arguments: [String], in directory: String? = nil,
    environment: [String: String] = [:], output: Output = .captured, error: Output = .captured
  ) throws {
    folder = try TestFolder()
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe Self.redirect(STDOUT_FILENO, to: output, captured: folder.file("output"), &actions)
    unsafe Self.redirect(STDERR_FILENO, to: error, captured: folder.file("error"), &actions)
    // Threads of tests block signals, and tests in the background ignore those of the keyboard; the program does not.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigaddset(&signals, SIGINT)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var process = pid_t()
    let words = (directory.map { ["env", "--chdir=\($0)"] } ?? []) + [program] + arguments
    let code = unsafe withCStrings(words) { argumentPointers in
      unsafe withCStrings(variables.map { "\($0.key)=\($0.value)" }) { variablePointers in
        unsafe posix_spawnp(&process, words[0], &actions, &attributes, argumentPointers, variablePointers)
      }
    }
    guard code == 0 else { throw POSIXFailure(program: program, code: code) }
    self.process = process
  }

  private static func redirect(
    _ stream: Int32, to output: Output, captured: String, _ actions: inout posix_spawn_file_actions_t
  ) {
    switch output {
    case .captured:
      unsafe posix_spawn_file_actions_addopen(&actions, stream, captured, O_WRONLY | O_CREAT, 0o600)
    case .file(let path): unsafe posix_spawn_file_actions_addopen(&actions, stream, path, O_WRONLY, 0)
    case .closed: unsafe posix_spawn_file_actions_addclose(&actions, stream)
    }
  }

  deinit {
    if exitCode == nil {
      kill(process, SIGKILL)
      waitpid(process, nil, 0)
    }
  }

  /// Waits for its end.
  func wait() throws -> Result {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else { throw POSIXFailure(program: "waitpid", code: errno) }
    }
    let signal = status & 0x7F
    let code = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    exitCode = code
    return Result(exitCode: code, standardOutput: text(of: "output"), standardError: text(of: "error"))
  }

  /// What it has written to standard error so far.
  var standardError: String { text(of: "error") }

  private func text(of name: String) -> String {
    String(decoding: (try? folder.bytes(of: name)) ?? [], as: UTF8.self)
  }
}

struct POSIXFailure: Error {
  let program: String
  let code: Int32
}

/// Runs work with strings as a C array that ends in nil.
private func withCStrings<Value>(
  _ strings: [String], _ work: ([UnsafeMutablePointer<CChar>?]) -> Value
) -> Value {
  let pointers = unsafe strings.map { unsafe strdup($0) }
  defer { for position in unsafe pointers.indices { unsafe free(pointers[position]) } }
  return unsafe work(pointers + [nil])
}
