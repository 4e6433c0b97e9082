extension PlanDocument {
  private static let figureKeys = ["bits", "byte_count", "predicted_loss"]

  init(_ json: JSON) throws(InterchangeError) {
    let object = try JSONObject(json, keys: ["momos_plan", "goal", "tensors"] + Self.figureKeys)
    let version = try object.required("momos_plan") { json throws(InterchangeError) in try json.int() }
    guard version == Self.version else {
      throw InterchangeError(
        .jsonValue, place: "momos_plan", expected: "version \(Self.version)", found: "\(version)")
    }
    goal = try object.optional("goal") { json throws(InterchangeError) in try json.text() }
    figures = try Self.figures(object)
    tensors = try object.required("tensors") { json throws(InterchangeError) in
      try json.list(of: Self.tensor)
    }
  }

  private static func tensor(_ json: JSON) throws(InterchangeError) -> Tensor {
    let object = try JSONObject(json, keys: ["name", "class", "parts", "reason"] + figureKeys)
    let className = try object.optional("class") { json throws(InterchangeError) in try json.text() }
    let parts = try object.optional("parts") { json throws(InterchangeError) in try json.list(of: part) }
    guard (className == nil) != (parts == nil), parts?.isEmpty != true else {
      throw InterchangeError(
        .planParts, expected: "either a class or parts",
        found: className != nil && parts != nil ? "both" : "none")
    }
    return Tensor(
      name: try object.required("name") { json throws(InterchangeError) in try json.text() },
      parts: parts ?? [Part(rows: nil, className: className ?? "")],
      figures: try figures(object),
      reason: try object.optional("reason") { json throws(InterchangeError) in try json.text() })
  }

  private static func part(_ json: JSON) throws(InterchangeError) -> Part {
    let object = try JSONObject(json, keys: ["rows", "class"] + figureKeys)
    return Part(
      rows: try object.required("rows", rows),
      className: try object.required("class") { json throws(InterchangeError) in try json.text() },
      figures: try figures(object))
  }

  /// Ranges from "0-99 105".
  private static func rows(_ json: JSON) throws(InterchangeError) -> [ClosedRange<Int>] {
    var ranges: [ClosedRange<Int>] = []
    for word in try json.text().split(separator: " ", omittingEmptySubsequences: true) {
      guard let range = range(word), range.lowerBound > ranges.last?.upperBound ?? -1 else {
        throw InterchangeError(
          .planRows, expected: "ascending rows and ranges such as \"0-99 105\"",
          found: InterchangeError.quoted(word))
      }
      ranges.append(range)
    }
    guard !ranges.isEmpty else { throw InterchangeError(.planRows, expected: "rows", found: "none") }
    return ranges
  }

  /// No tensor has more elements, so that sums of rows do not overflow.
  private static let rowLimit = 1 << 48

  private static func range(_ word: Substring) -> ClosedRange<Int>? {
    let ends = word.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count <= 2, ends.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let first = ends.first.flatMap({ Int($0) }), let last = ends.last.flatMap({ Int($0) }), first <= last,
      last < Self.rowLimit
    else { return nil }
    return first...last
  }

  private static func figures(_ object: JSONObject) throws(InterchangeError) -> Figures {
    Figures(
      bits: try object.optional("bits") { json throws(InterchangeError) in try json.double() },
      byteCount: try object.optional("byte_count") { json throws(InterchangeError) in try json.int() },
      predictedLoss: try object.optional("predicted_loss") { json throws(InterchangeError) in
        try json.double()
      })
  }
}

extension JSON {
  init(_ document: PlanDocument) {
    var fields: [(String, JSON)] = [("momos_plan", .number("\(PlanDocument.version)"))]
    if let goal = document.goal { fields.append(("goal", .string(goal))) }
    fields += Self.fields(document.figures)
    self = .object(fields + [("tensors", .array(document.tensors.map(JSON.init)))])
  }

  private init(_ tensor: PlanDocument.Tensor) {
    var fields: [(String, JSON)] = [("name", .string(tensor.name))]
    if tensor.parts.count == 1, tensor.parts[0].rows == nil {
      fields.append(("class", .string(tensor.parts[0].className)))
    } else {
      fields.append(("parts", .array(tensor.parts.map(JSON.init))))
    }
    fields += Self.fields(tensor.figures)
    if let reason = tensor.reason { fields.append(("reason", .string(reason))) }
    self = .object(fields)
  }

  private init(_ part: PlanDocument.Part) {
    let words = (part.rows ?? []).map { range in
      range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
    self = .object(
      [("rows", .string(words.joined(separator: " "))), ("class", .string(part.className))]
        + Self.fields(part.figures))
  }

  private static func fields(_ figures: PlanDocument.Figures) -> [(String, JSON)] {
    var fields: [(String, JSON)] = []
    if let bits = figures.bits { fields.append(("bits", .number("\(bits)"))) }
    if let byteCount = figures.byteCount { fields.append(("byte_count", .number("\(byteCount)"))) }
    if let loss = figures.predictedLoss { fields.append(("predicted_loss", .number("\(loss)"))) }
    return fields
  }

  /// A finite float64.
  fileprivate func double() throws(InterchangeError) -> Double {
    guard case .number(let text) = self, let value = Double(text), value.isFinite else {
      throw mismatch("a number")
    }
    return value
  }
}
