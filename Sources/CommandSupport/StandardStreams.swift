import Glibc
public import Momos

/// The name under which the command was started, without its folder.
var commandName: String {
  CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "momos"
}

/// Prints one line on stderr, after the command's name. Line ends and other control characters are escaped.
func printError(_ message: String) {
  writeToStandardError("\(commandName): \(message.printable)\n")
}

/// Prints a result on stdout.
/// - Throws: if stdout cannot take it.
public func printResult(_ text: String) throws(MomosError) {
  var rest = Array((text + "\n").utf8)[...]
  while !rest.isEmpty {
    let count = unsafe rest.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else {
      let reason = unsafe String(cString: strerror(count < 0 ? errno : ENOSPC))
      throw MomosError(.system, "cannot write to standard output: \(reason)")
    }
    rest = rest.dropFirst(count)
  }
}

/// What stderr does not take is lost.
func writeToStandardError(_ text: String) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = unsafe rest.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { return }
    rest = rest.dropFirst(count)
  }
}
