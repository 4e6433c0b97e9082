extension Unicode.Scalar {
  /// The character as text; a control character is escaped, as `\n` or `\u{1B}`: names come from files and must not steer a
  /// terminal.
  public var printable: String {
    // General category Cc, which Unicode has promised not to change.
    let isControl = value < 0x20 || (0x7F...0x9F).contains(value)
    return isControl ? escaped(asASCII: true) : String(self)
  }
}
