public import ArgumentParser
import Glibc
import Momos
import Synchronization

/// A command of momos. Its `run` throws `MomosError`; whatever goes wrong, a wrong argument included, becomes one
/// line on stderr and the exit code of its kind.
///
/// Exit codes: 0 ok, 1 verification failed, 64 usage, 65 bad input data, 66 missing input, 70 internal, 74 input
/// or output.
public protocol MomosCommand: ParsableCommand {}

/// What help texts say about the exit codes of failures.
public let failureCodes =
  "64 usage, 65 bad data, 66 missing file or tensor, 70 internal, 74 input or output."

extension MomosCommand {
  public static func main() {
    reserveStandardStreams()
    installSignalHandlers()
    reportExhaustedMemory()
    do {
      try refuseClusters(in: CommandLine.arguments.dropFirst())
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Glibc.exit(exitCode(reporting: error))
    }
  }

  /// Refuses `-abc`: the parser would take it for several flags of one letter and answer an unknown one with help.
  private static func refuseClusters(in arguments: ArraySlice<String>) throws(MomosError) {
    for argument in arguments.prefix(while: { $0 != "--" })
    where argument.count > 2 && argument.hasPrefix("-") && !argument.hasPrefix("--")
      && Double(argument) == nil
    {
      throw MomosError(.usage, "unknown option '\(argument)' (a file of that name is ./\(argument))")
    }
  }

  private static func exitCode(reporting error: any Error) -> Int32 {
    if let error = error as? MomosError {
      printError(error.description)
      return error.exitCode
    }
    if let code = error as? ExitCode { return code.rawValue }
    switch exitCode(for: error) {
    case .success: return exitCode(showing: fullMessage(for: error))
    case .validationFailure:
      printError("\(message(for: error).asClause) (see \(commandName) --help)")
      return EX_USAGE
    default:
      printError("internal error: \(error)")
      return EX_SOFTWARE
    }
  }

  /// Prints what was asked for with --help or --version.
  private static func exitCode(showing text: String) -> Int32 {
    do {
      try printResult(text)
      return 0
    } catch {
      return exitCode(reporting: error)
    }
  }
}

extension MomosError {
  /// The code of sysexits.h for the kind of this error.
  fileprivate var exitCode: Int32 {
    switch kind {
    case .usage: EX_USAGE
    case .badData: EX_DATAERR
    case .missingInput: EX_NOINPUT
    case .system: EX_IOERR
    case .cancelled: EX_TEMPFAIL
    }
  }
}

extension String {
  /// A sentence with a small first letter and without its final full stop, to follow a colon.
  fileprivate var asClause: String {
    prefix(1).lowercased() + dropFirst().prefix(last == "." ? max(count - 2, 0) : count)
  }
}

/// Takes the descriptors of standard streams that are closed, so that no file that is opened later passes for one.
/// They are opened for reading: writing to them fails as it would have.
private func reserveStandardStreams() {
  for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
    _ = unsafe open("/dev/null", O_RDONLY)
  }
}

/// A mapped file that shrinks raises SIGBUS: one line and exit code 74 instead of a crash. A file that outgrows
/// its limit becomes an ordinary write error.
private func installSignalHandlers() {
  let message =
    "\(commandName): a file shrank while it was in use (run and verify with --load copy are immune)\n"
  unsafe shrunkFileMessage = strdup(message)
  signal(SIGXFSZ, SIG_IGN)
  _ = hasReportedShrinking.load(ordering: .relaxed)
  signal(SIGBUS) { _ in
    // Several threads may meet the missing pages; one tells it, and ends the others.
    if hasReportedShrinking.exchange(true, ordering: .relaxed) { while true { pause() } }
    if let message = unsafe shrunkFileMessage { _ = unsafe write(STDERR_FILENO, message, strlen(message)) }
    _exit(EX_IOERR)
  }
}

private let hasReportedShrinking = Atomic(false)

/// Written by the signal handler, which may not allocate; set once before the handler is installed.
nonisolated(unsafe) private var shrunkFileMessage: UnsafeMutablePointer<CChar>?
