import MomosFit
import MomosInterchange
import MomosModel

/// A plan as a file that people read and edit: `--save-plan` writes it, `--plan` takes it.
struct PlanFile {
  private let document: PlanDocument
  private let path: String

  init(reading path: String) throws(MomosError) {
    self.path = path
    document = try MomosError.translating { try PlanDocument.read(path) }
  }

  /// The parts of each tensor that the file names; none for one that stays dense. Tensors that are to be stored exactly
  /// are left out.
  ///
  /// - Throws: for tensors that are unknown, repeated or missing, for unknown classes, and for rows that are not each in
  ///   one part.
  func parts(of candidates: [FitCandidate]) throws(MomosError) -> [String: [AllocatedPart]] {
    let byName = Dictionary(candidates.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var parts: [String: [AllocatedPart]] = [:]
    var seen: Set<String> = []
    for tensor in document.tensors {
      guard let candidate = byName[tensor.name] else {
        throw refusal(tensor.name, expected: "a tensor of the model", found: "none of this name")
      }
      guard seen.insert(tensor.name).inserted else {
        throw refusal(tensor.name, expected: "one entry", found: "two")
      }
      // What an exact class says of its motifs is found anew.
      if tensor.parts.count == 1, tensor.parts[0].className.hasPrefix("exact ") { continue }
      parts[tensor.name] = try self.parts(of: tensor, candidate)
    }
    for candidate in candidates where candidate.mayBecomeMosaic && !seen.contains(candidate.name) {
      throw refusal(candidate.name, expected: "an entry", found: "none")
    }
    return parts
  }

  /// A description of what decides the conversion.
  var classes: [String] {
    document.tensors.map { tensor in
      "\(tensor.name): \(tensor.parts.map { "\($0.className) \($0.rows.map { "\($0)" } ?? "all")" })"
    }
  }

  private func parts(
    of tensor: PlanDocument.Tensor, _ candidate: FitCandidate
  ) throws(MomosError) -> [AllocatedPart] {
    if tensor.parts.count == 1, tensor.parts[0].rows == nil, tensor.parts[0].className == "dense" {
      return []
    }
    guard case .linear(let view, _) = candidate.role, candidate.elementType.isFloatingPoint else {
      throw refusal(tensor.name, expected: "dense", found: "the class '\(tensor.parts[0].className)'")
    }
    try requireEveryRow(tensor, rowCount: view.matrixShape(of: candidate.shape)[0])
    var parts: [AllocatedPart] = []
    for (number, part) in tensor.parts.enumerated() {
      guard let fitClass = FitClass(parsing: part.className), fitClass.canBeFitted else {
        throw refusal(
          tensor.name, part: number,
          expected: "a class such as \"s8k256\", \"s8k256 + s4k16\" or \"overlapping s4k256\"",
          found: "'\(part.className)'")
      }
      parts.append(AllocatedPart(rows: part.rows?.flatMap { Array($0) }, fitClass: fitClass))
    }
    return parts
  }

  private func requireEveryRow(_ tensor: PlanDocument.Tensor, rowCount: Int) throws(MomosError) {
    guard tensor.parts[0].rows != nil else { return }
    var ranges: [(rows: ClosedRange<Int>, part: Int)] = []
    for (number, part) in tensor.parts.enumerated() { ranges += (part.rows ?? []).map { ($0, number) } }
    ranges.sort { $0.rows.lowerBound < $1.rows.lowerBound }
    var next = 0
    for (rows, part) in ranges {
      guard rows.upperBound < rowCount else {
        throw refusal(
          tensor.name, part: part, expected: "rows below \(rowCount)", found: "row \(rows.upperBound)")
      }
      guard rows.lowerBound >= next else {
        throw refusal(
          tensor.name, part: part, expected: "rows of no other part", found: "row \(rows.lowerBound) in two")
      }
      guard rows.lowerBound == next else { break }
      next = rows.upperBound + 1
    }
    guard next == rowCount else {
      throw refusal(tensor.name, expected: "all \(rowCount) rows in parts", found: "row \(next) in none")
    }
  }

  private func refusal(_ tensor: String, part: Int? = nil, expected: String, found: String) -> MomosError {
    let place = part.map { ", part \($0 + 1)" } ?? ""
    return MomosError(.badData, "'\(path)': tensor '\(tensor)'\(place): expected \(expected), found \(found)")
  }

  /// Writes a plan.
  static func write(_ plan: FitPlan, to path: String) throws(MomosError) {
    try MomosError.translating { try PlanDocument(plan).write(to: path) }
  }
}

extension FitCandidate {
  fileprivate var mayBecomeMosaic: Bool {
    if case .linear = role { elementType.isFloatingPoint && shape.elementCount > 0 } else { false }
  }
}

extension PlanDocument {
  fileprivate init(_ plan: FitPlan) {
    self.init(
      goal: plan.options.goal.description,
      figures: Figures(bits: plan.bits, predictedLoss: plan.predictedLoss),
      tensors: plan.tensors.map { tensor in
        var reason: String?
        if case .dense(let why) = tensor.form { reason = why }
        return Tensor(
          name: tensor.name, parts: Self.parts(of: tensor, in: plan),
          figures: Figures(
            bits: plan.bits(of: tensor), byteCount: plan.byteCount(of: tensor),
            predictedLoss: tensor.predictedLoss),
          reason: reason)
      })
  }

  private static func parts(of tensor: TensorPlan, in plan: FitPlan) -> [Part] {
    guard !tensor.parts.isEmpty else { return [Part(rows: nil, className: plan.className(of: tensor))] }
    return tensor.parts.map { part in
      Part(
        rows: part.rows.map(ranges), className: part.fitClass.description,
        figures: Figures(predictedLoss: tensor.parts.count > 1 ? part.predictedLoss : nil))
    }
  }

  private static func ranges(_ rows: [Int]) -> [ClosedRange<Int>] {
    rows.reduce(into: []) { ranges, row in
      if let last = ranges.last, last.upperBound + 1 == row {
        ranges[ranges.count - 1] = last.lowerBound...row
      } else {
        ranges.append(row...row)
      }
    }
  }
}
