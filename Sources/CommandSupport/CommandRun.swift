import ArgumentParser
import Glibc
public import Momos

/// Runs the work of a command: errors become one line on stderr and the exit code of their kind.
///
/// Exit codes: 0 ok, 1 verification failed, 64 usage, 65 bad input data, 66 missing input, 74 input or output.
public func runCommand(_ work: () throws(MomosError) -> Void) throws {
  installSignalHandlers()
  do {
    try work()
  } catch {
    printError(error.description)
    throw error.exitCode
  }
}

/// Prints one line on stderr, after the command's name.
public func printError(_ message: String) {
  let command = CommandLine.arguments.first?.split(separator: "/").last ?? "momos"
  writeToStandardError("\(command): \(message)\n")
}

/// Prints a result on stdout.
/// - Throws: if stdout cannot take it.
public func printResult(_ text: String) throws(MomosError) {
  var rest = Array((text + "\n").utf8)[...]
  while !rest.isEmpty {
    let count = unsafe rest.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { throw MomosError(.system, "cannot write to standard output") }
    rest = rest.dropFirst(count)
  }
}

func writeToStandardError(_ text: String) {
  let bytes = Array(text.utf8)
  _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
}

extension MomosError {
  /// The code of sysexits.h for the kind of this error.
  var exitCode: ExitCode {
    switch kind {
    case .usage: ExitCode(64)
    case .badData: ExitCode(65)
    case .missingInput: ExitCode(66)
    case .system: ExitCode(74)
    }
  }
}

/// A mapped file that shrinks raises SIGBUS: one line and exit code 74 instead of a crash. A file that outgrows
/// its limit becomes an ordinary write error.
private func installSignalHandlers() {
  signal(SIGXFSZ, SIG_IGN)
  signal(SIGBUS) { _ in
    let message: StaticString = "error: a file shrank while it was being read (--load copy is immune)\n"
    _ = unsafe write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
    _exit(74)
  }
}
