import Glibc

/// Shows how far the work is on stderr, with the time taken and left; silent where stderr is no terminal.
public final class ProgressLine {
  private let title: String
  private let isShown: Bool
  private let start = ContinuousClock.now
  private var lastText = ""

  public init(_ title: String, isQuiet: Bool = false) {
    self.title = title
    isShown = !isQuiet && isatty(STDERR_FILENO) == 1
  }

  /// - Parameter share: of the work that is done, 0 to 1.
  public func update(_ share: Double) {
    guard isShown else { return }
    let elapsed = Int((ContinuousClock.now - start).components.seconds)
    let left =
      share > 0.01 && elapsed >= 1
      ? ", \(Self.time(elapsed)), \(Self.time(Int(Double(elapsed) / share * (1 - share)) + 1)) left" : ""
    let text = "\(title) \(Int(share * 100)) %\(left)"
    guard text != lastText else { return }
    lastText = text
    writeToStandardError("\r\u{1B}[K\(text)")
  }

  private static func time(_ seconds: Int) -> String {
    seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min"
  }

  /// Removes the line.
  public func finish() {
    guard isShown, !lastText.isEmpty else { return }
    writeToStandardError("\r\u{1B}[K")
  }
}
