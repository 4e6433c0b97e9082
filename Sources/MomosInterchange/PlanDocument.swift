public import MomosModel

/// The classes chosen for the tensors of a model, in JSON, for people to read and edit:
///
///     {
///       "momos_plan": 1,
///       "goal": "2.0 bits",
///       "bits": 1.998,
///       "predicted_loss": 0.031,
///       "tensors": [
///         {"name": "fc1.weight", "class": "overlapping s4k256", "bits": 2.06, "byte_count": 37120},
///         {
///           "name": "embeddings",
///           "parts": [
///             {"rows": "0-99 105", "class": "s8k256"},
///             {"rows": "100-104", "class": "overlapping s4k64"}
///           ]
///         },
///         {"name": "fc1.bias", "class": "dense", "reason": "is not a matrix"}
///       ]
///     }
///
/// - A tensor has either a "class" for all rows or "parts"; rows are numbers and ranges, both ends included, ascending.
/// - "goal", "reason" and the numbers tell what was planned: they are written, and may be left out or wrong.
/// - Any other key is an error, and so is a repeated one.
public struct PlanDocument: Sendable, Hashable {
  /// What a tensor or part was planned to take and lose.
  public struct Figures: Sendable, Hashable {
    public var bits: Double?
    public var byteCount: Int?
    public var predictedLoss: Double?

    public init(bits: Double? = nil, byteCount: Int? = nil, predictedLoss: Double? = nil) {
      self.bits = bits
      self.byteCount = byteCount
      self.predictedLoss = predictedLoss
    }
  }

  public struct Part: Sendable, Hashable {
    /// Ascending, without overlap; nil means all rows.
    public let rows: [ClosedRange<Int>]?
    public let className: String
    public let figures: Figures

    public init(rows: [ClosedRange<Int>]?, className: String, figures: Figures = Figures()) {
      self.rows = rows
      self.className = className
      self.figures = figures
    }
  }

  public struct Tensor: Sendable, Hashable {
    public let name: String
    /// At least one; the only one if it has no rows.
    public let parts: [Part]
    public let figures: Figures
    public let reason: String?

    public init(name: String, parts: [Part], figures: Figures = Figures(), reason: String? = nil) {
      self.name = name
      self.parts = parts
      self.figures = figures
      self.reason = reason
    }
  }

  /// Longest text.
  public static let maximumByteCount = 64 << 20
  static let version = 1

  public let goal: String?
  public let figures: Figures
  public let tensors: [Tensor]

  public init(goal: String? = nil, figures: Figures = Figures(), tensors: [Tensor]) {
    self.goal = goal
    self.figures = figures
    self.tensors = tensors
  }

  /// Reads a file.
  public static func read(_ path: String) throws(InterchangeError) -> PlanDocument {
    do throws(InterchangeError) {
      return try decode(SourceFile.map(path))
    } catch {
      throw error.inFile(path)
    }
  }

  /// Decodes UTF-8 text.
  /// - Throws: an error whose place is a path such as `tensors[3].parts[0].rows`, or line and column where the text is
  ///   not JSON.
  public static func decode(_ text: Bytes) throws(InterchangeError) -> PlanDocument {
    guard text.count <= maximumByteCount else {
      throw InterchangeError(
        .planTooLarge, expected: "at most \(maximumByteCount) bytes of JSON", found: "\(text.count)")
    }
    return try PlanDocument(JSONParser.parse(text.array(of: UInt8.self)))
  }

  /// Writes a file: it appears whole or not at all.
  public func write(to path: String) throws(InterchangeError) {
    try TextFile.write(JSON(self).rendered() + "\n", to: path)
  }
}
