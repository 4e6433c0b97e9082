import MomosModel

/// The attributes of an attention.
struct AttentionSettings {
  /// What the fourth output holds.
  enum Scores: Int {
    case products, capped, biased, probabilities
  }

  /// nil for 1 / sqrt(size of a head).
  let scale: Float?
  /// Scores are kept below it by cap tanh(score / cap); 0 for none.
  let cap: Float
  let isCausal: Bool
  /// How many keys before and after its own position a query sees; nil for all.
  let windowBefore: Int?
  let windowAfter: Int?
  let scores: Scores

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    scale = try context.attributes.optionalFloat("scale")
    cap = try context.attributes.float("softcap", default: 0)
    isCausal = try context.attributes.flag("is_causal", default: false)
    windowBefore = try Self.window("left_window_size", &context)
    windowAfter = try Self.window("right_window_size", &context)
    let mode = try context.attributes.int("qk_matmul_output_mode", default: 0)
    guard let scores = Scores(rawValue: mode) else {
      throw .attributeValue(
        context.label, attribute: "qk_matmul_output_mode", expected: "0 to 3", found: "\(mode)")
    }
    self.scores = scores
    let precision = try context.attributes.int("softmax_precision", default: 1)
    guard ElementType(rawValue: precision)?.isFloatingPoint == true else {
      throw .attributeValue(
        context.label, attribute: "softmax_precision", expected: "1, 10, 11 or 16", found: "\(precision)")
    }
  }

  private static func window(_ name: String, _ context: inout OperatorContext) throws(RuntimeError) -> Int? {
    guard context.version >= 25, let size = try context.attributes.int(name), size != -1 else { return nil }
    guard size >= 0 else {
      throw .attributeValue(context.label, attribute: name, expected: "-1 or more", found: "\(size)")
    }
    return size
  }
}

/// Which keys a query may see, apart from a mask.
struct AttentionVisibility {
  let settings: AttentionSettings
  let queryLength: Int
  let keyLength: Int
  let pastLength: Int
  /// How many keys of each sample count; nil for all.
  let keyCounts: [Int]?

  /// True if every query sees every key.
  var isFull: Bool {
    !settings.isCausal && settings.windowBefore == nil && settings.windowAfter == nil && keyCounts == nil
  }

  /// The keys that a query of a sample sees.
  func keys(sample: Int, query: Int) -> Range<Int> {
    let count = keyCounts?[sample] ?? keyLength
    let place = query + (keyCounts == nil ? pastLength : count - queryLength)
    var (first, end) = (0, count)
    if settings.isCausal { end = min(end, place + 1) }
    // Bounds beyond every key must not overflow.
    if let after = settings.windowAfter { end = min(end, place + min(after, keyLength + queryLength) + 1) }
    if let before = settings.windowBefore { first = max(first, place - min(before, keyLength + queryLength)) }
    return min(max(first, 0), keyLength)..<max(min(max(first, 0), keyLength), end)
  }
}
