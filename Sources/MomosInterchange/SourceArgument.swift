import Glibc

/// What one SOURCE argument of a command says: `[NAME=]PATH[:TYPE[DIMENSIONS]]`.
///
/// An argument that names an existing file or folder is that path, whatever characters it has. Else the part
/// before the first `=` is a tensor name; then, if the rest names no existing file and ends in `]`, what
/// follows its last `:` is the layout of raw data.
struct SourceArgument {
  let path: String
  /// The tensor name that the user chose, or nil.
  let name: String?
  /// nil if the content of the file says what it holds.
  let rawLayout: RawLayout?

  init(parsing argument: String) throws(InterchangeError) {
    guard !Self.exists(argument) else {
      (path, name, rawLayout) = (argument, nil, nil)
      return
    }
    var rest = argument[...]
    if let sign = argument.firstIndex(of: "=") {
      name = try SourceTensor.name(Array(argument[..<sign].utf8))
      rest = argument[argument.index(after: sign)...]
    } else {
      name = nil
    }
    guard rest.last == "]", !Self.exists(String(rest)), let colon = rest.lastIndex(of: ":") else {
      (path, rawLayout) = (String(rest), nil)
      return
    }
    path = String(rest[..<colon])
    rawLayout = try RawLayout(parsing: rest[rest.index(after: colon)...])
  }

  private static func exists(_ path: String) -> Bool {
    unsafe access(path, F_OK) == 0
  }
}
