import Glibc
import MomosModel

/// Why a file was refused or could not be written: the rule, the place, what was expected, what was found.
public struct FormatError: Error, Hashable, CustomStringConvertible {
  public let rule: FormatRule
  /// For instance "preamble", "section 3", "tensor 'fc1.weight', part 1, stage 2", or a quoted path.
  public let place: String
  public let expected: String
  public let found: String

  public init(_ rule: FormatRule, at place: String, expected: String, found: String) {
    self.rule = rule
    self.place = place
    self.expected = expected
    self.found = found
  }

  /// One line.
  public var description: String {
    "\(rule.rawValue): \(place): expected \(expected), found \(found)"
  }

  /// A failed allocation, the only error of the model values that valid counts can still cause.
  init(_ error: ModelError, at place: String) {
    self.init(.allocation, at: place, expected: "enough memory", found: "\(error)")
  }

  /// A failed system call; `code` is its errno.
  static func system(_ rule: FormatRule, path: String, expected: String, code: Int32) -> FormatError {
    let message = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    return FormatError(rule, at: quoted(path), expected: expected, found: message)
  }
}

/// Text in single quotes that fits one line: control characters escaped, shortened after 200 characters.
func quoted(_ text: some StringProtocol) -> String {
  var result = "'"
  for scalar in text.unicodeScalars.prefix(200) {
    result += scalar == "'" ? "'" : scalar.escaped(asASCII: false)
  }
  return result + (text.unicodeScalars.count > 200 ? "...'" : "'")
}
