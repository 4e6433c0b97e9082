@unsafe @preconcurrency import Glibc

/// Turns the end of the process where an array cannot be allocated into one line on stderr and exit code 74.
///
/// The Swift runtime says so on C's `stderr` and aborts; nothing can be thrown from there. Large buffers are asked for
/// before they are used (`Bytes`, `AvailableMemory`): this is for the many others, where memory is limited. Outputs have
/// no names yet then. Any other end is told and stays as it is.
func reportExhaustedMemory() {
  guard let text = unsafe calloc(1, mostSaid), let stream = unsafe fmemopen(text, mostSaid - 1, "w")
  else { return }
  // Without a buffer of its own, what is said is in memory when the signal comes.
  unsafe setvbuf(stream, nil, _IONBF, 0)
  unsafe said = text.assumingMemoryBound(to: CChar.self)
  unsafe exhaustionMessage = strdup("\(commandName): cannot allocate the memory that this takes\n")
  unsafe stderr = stream
  for number in [SIGABRT, SIGILL, SIGTRAP] {
    unsafe sigaction(number, nil, &earlierActions[Int(number)])
    signal(number, endProcess)
  }
}

/// Ends the process after a signal; may not allocate.
private func endProcess(_ number: Int32) {
  if let said = unsafe said {
    if number == SIGABRT, let message = unsafe exhaustionMessage,
      unsafe strstr(said, "failed to allocate") != nil || strstr(said, "bad_alloc") != nil
    {
      _ = unsafe write(STDERR_FILENO, message, strlen(message))
      _exit(EX_IOERR)
    }
    _ = unsafe write(STDERR_FILENO, said, strlen(said))
  }
  unsafe sigaction(number, &earlierActions[Int(number)], nil)
  // A trap is met again.
  if number == SIGABRT { raise(number) }
}

/// Room for what the runtime says before it ends the process.
private let mostSaid = 4096
/// Read by the signal handler; set once before it is installed.
nonisolated(unsafe) private var said: UnsafeMutablePointer<CChar>?
nonisolated(unsafe) private var exhaustionMessage: UnsafeMutablePointer<CChar>?
/// By number of the signal.
nonisolated(unsafe) private var earlierActions = Array(repeating: SignalAction(), count: 32)
/// The function of this name hides the type.
private typealias SignalAction = sigaction
