import FoundationEssentials
import Glibc
import MomosTestSupport
import Testing

/// One of the four commands, as it lies beside the test bundle.
struct Command {
  /// A bound that the system puts on a command.
  enum Limit {
    /// Bytes of a file that it writes.
    case fileSize(Int)
    /// Bytes of memory that it maps.
    case addressSpace(Int)

    fileprivate var argument: String {
      switch self {
      case .fileSize(let bytes): "--fsize=\(bytes)"
      case .addressSpace(let bytes): "--as=\(bytes)"
      }
    }
  }

  static let convert = Command(name: "momos-convert")
  static let run = Command(name: "momos-run")
  static let verify = Command(name: "momos-verify")
  static let inspect = Command(name: "momos-inspect")
  static let all = [convert, run, verify, inspect]

  let name: String

  var path: String { Self.folder + "/" + name }

  /// The folder of the running test binary; the commands are built into it with the tests.
  private static let folder: String = {
    let binary = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: binary).deletingLastPathComponent().path
  }()

  /// Starts the command, in a folder that its arguments are relative to, and waits for its end.
  func callAsFunction(
    _ arguments: [String], in folder: TestFolder? = nil, environment: [String: String] = [:],
    limit: Limit? = nil, output: Subprocess.Output = .captured, error: Subprocess.Output = .captured
  ) throws -> Subprocess.Result {
    try start(arguments, in: folder, environment: environment, limit: limit, output: output, error: error)
      .wait()
  }

  func start(
    _ arguments: [String], in folder: TestFolder? = nil, environment: [String: String] = [:],
    limit: Limit? = nil, output: Subprocess.Output = .captured, error: Subprocess.Output = .captured
  ) throws -> Subprocess {
    guard let limit else {
      return try Subprocess(
        path, arguments, in: folder?.path, environment: environment, output: output, error: error)
    }
    return try Subprocess(
      "prlimit", [limit.argument, path] + arguments, in: folder?.path, environment: environment,
      output: output, error: error)
  }
}

extension Subprocess.Result {
  /// Expects success, with nothing said on stderr.
  func expectSuccess(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(exitCode == 0, sourceLocation: sourceLocation)
    #expect(standardError == "", sourceLocation: sourceLocation)
  }

  /// Expects an exit code, nothing on stdout and one line on stderr that holds all the given words.
  func expectRefusal(
    _ expectedCode: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(exitCode == expectedCode, "\(standardError)", sourceLocation: sourceLocation)
    #expect(standardOutput == "", sourceLocation: sourceLocation)
    #expect(standardError.last == "\n", sourceLocation: sourceLocation)
    #expect(standardError.count { $0.isNewline } == 1, "\(standardError)", sourceLocation: sourceLocation)
    for word in words + ["momos-"] {
      #expect(standardError.contains(word), "\(standardError)", sourceLocation: sourceLocation)
    }
    for word in ["Swift runtime", "Fatal error", "Backtrace"] {
      #expect(!standardError.contains(word), sourceLocation: sourceLocation)
    }
  }

  /// The standard output as JSON, keys in snake case.
  func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: Data(standardOutput.utf8))
  }
}

struct CommandTests {
  @Test(arguments: Command.all.map(\.name))
  func commandLiesBesideTheTests(name: String) {
    let path = Command(name: name).path
    #expect(unsafe access(path, X_OK) == 0, "\(path) is missing: build with --build-tests")
  }

  @Test(arguments: Command.all.map(\.name))
  func versionIsPrinted(name: String) throws {
    let result = try Command(name: name)(["--version"])
    result.expectSuccess()
    #expect(result.standardOutput.split(separator: ".").count == 3)
  }
}
