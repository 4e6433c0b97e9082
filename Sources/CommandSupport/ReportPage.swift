import Glibc
public import Momos

/// The HTML page about a file, which the Python package momos draws (`python3 -m momos report`).
public struct ReportPage: Sendable {
  /// What the file was made from.
  public var sources: [String] = []
  /// Values of graph inputs, files by name.
  public var inputs: [NamedFile] = []
  public var overwrites = false
  private let file: String

  public init(file: String) { self.file = file }

  /// Draws the page, with the commands beside this one.
  /// - Throws: what the drawing refuses; without Python or the package, how to install them.
  public func write(to path: String) throws(MomosError) {
    guard try Self.run(["python3", "-c", "import momos.report"]).exitCode == 0 else {
      throw MomosError(
        .missingInput,
        "--report needs Python 3 with the packages momos and matplotlib: "
          + "pip install './tools/python[report]' in the sources of momos")
    }
    var words = ["python3", "-m", "momos", "report", "--output", path, "--commands", Self.folder]
    words += sources.map { "--against=\($0)" } + inputs.map { "--input=\($0.name)=\($0.path)" }
    if overwrites { words.append("--force") }
    let result = try Self.run(words + ["--", file])
    guard result.exitCode != 0 else { return }
    let line = result.output.split(separator: "\n").last.map(String.init) ?? "python3 ended without a word"
    throw MomosError(Self.kind(of: result.exitCode), line)
  }

  private static func kind(of exitCode: Int32) -> MomosError.Kind {
    switch exitCode {
    case EX_USAGE: .usage
    case EX_DATAERR: .badData
    case EX_NOINPUT: .missingInput
    default: .system
    }
  }

  /// Where the running command lies.
  private static var folder: String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  /// Runs a program; its output is what it writes to standard error.
  private static func run(_ words: [String]) throws(MomosError) -> (exitCode: Int32, output: String) {
    let quoted = words.map {
      "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
    guard let pipe = unsafe popen(quoted.joined(separator: " ") + " 2>&1 >/dev/null", "re") else {
      throw MomosError(.system, "cannot start python3: \(unsafe String(cString: strerror(errno)))")
    }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe fread(&buffer, 1, buffer.count, pipe)
      guard count > 0 else { break }
      output += buffer[..<count]
    }
    let status = unsafe pclose(pipe)
    let exitCode = status & 0x7F == 0 ? (status >> 8) & 0xFF : EX_SOFTWARE
    return (exitCode, String(decoding: output, as: UTF8.self))
  }
}
