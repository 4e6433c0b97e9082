import CCountingMalloc
import FoundationEssentials
import Momos

/// Counts what the library allocates:
///
///     CountingOpen FILE...
///
/// opens files and prints, for each, the most bytes that were held at one time, the header's byte count (0 for a file that is
/// refused), and "opened" or the rule of the refusal;
///
///     CountingOpen --rounds N FILE
///
/// opens a file, executes its graph on the input "x" [1, 8] and closes it, N times, and prints how many more bytes of memory,
/// file descriptors and mappings are held afterwards.
@main
enum CountingOpen {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "--rounds", arguments.count == 3, let count = Int(arguments[2]) {
      return try countRounds(count, path: arguments[3])
    }
    // The first error loads what any error needs.
    _ = open("/nowhere")
    for path in arguments {
      counting_malloc_start()
      let outcome = open(path)
      print(counting_malloc_peak(), outcome)
    }
  }

  private static func open(_ path: String) -> String {
    do throws(FormatError) {
      let reader = try MomosReader(path: path)
      return "\(reader.headerByteCount) opened"
    } catch {
      return "0 \(error.rule.rawValue)"
    }
  }

  private static func countRounds(_ count: Int, path: String) throws {
    var options = SessionOptions()
    options.threadCount = 1
    let input = try Tensor((0..<8).map { Float($0) }, shape: Shape([1, 8]))
    func run(_ count: Int) throws {
      for _ in 0..<count { _ = try Session(path: path, options: options).run(["x": input]) }
    }
    // Caches fill.
    try run(1000)
    counting_malloc_start()
    let before = (fileCount("/proc/self/fd"), lineCount("/proc/self/maps"))
    let held = counting_malloc_held()
    try run(count)
    print(
      counting_malloc_held() - held, fileCount("/proc/self/fd") - before.0,
      lineCount("/proc/self/maps") - before.1)
  }

  private static func fileCount(_ folder: String) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: folder).count) ?? 0
  }

  private static func lineCount(_ path: String) -> Int {
    (FileManager.default.contents(atPath: path) ?? Data()).count { $0 == UInt8(ascii: "\n") }
  }
}
