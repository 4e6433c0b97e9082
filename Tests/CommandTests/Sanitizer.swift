import FoundationEssentials

/// Whether the tests run under a sanitizer (make sanitize), where times and memory say nothing.
enum Sanitizer {
  static let isActive = ProcessInfo.processInfo.environment["MOMOS_SANITIZED"] != nil
}
