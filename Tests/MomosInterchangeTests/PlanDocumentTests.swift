import MomosModel
import MomosTestSupport
import Testing

@testable import MomosInterchange

struct PlanDocumentTests {
  private let text = """
    {
      "momos_plan": 1,
      "goal": "2.0 bits",
      "bits": 1.5,
      "predicted_loss": 0.25,
      "tensors": [
        {"name": "a", "class": "overlapping s4k256", "bits": 2.125, "byte_count": 100, "predicted_loss": 0.125},
        {
          "name": "t",
          "parts": [
            {"rows": "0-2 5", "class": "s8k256", "predicted_loss": 0.0625},
            {"rows": "3-4", "class": "overlapping s4k64"}
          ]
        },
        {"name": "b", "class": "dense", "reason": "is \\"not\\" a matrix"}
      ]
    }

    """

  private let document = PlanDocument(
    goal: "2.0 bits", figures: .init(bits: 1.5, predictedLoss: 0.25),
    tensors: [
      .init(
        name: "a", parts: [.init(rows: nil, className: "overlapping s4k256")],
        figures: .init(bits: 2.125, byteCount: 100, predictedLoss: 0.125)),
      .init(
        name: "t",
        parts: [
          .init(rows: [0...2, 5...5], className: "s8k256", figures: .init(predictedLoss: 0.0625)),
          .init(rows: [3...4], className: "overlapping s4k64"),
        ]),
      .init(name: "b", parts: [.init(rows: nil, className: "dense")], reason: "is \"not\" a matrix"),
    ])

  private func decode(_ text: String) throws(InterchangeError) -> PlanDocument {
    try PlanDocument.decode(Bytes(Array(text.utf8)))
  }

  @Test func theTextIsTheDocument() throws {
    #expect(try decode(text) == document)
  }

  @Test func aWrittenDocumentIsTheText() throws {
    let folder = try TestFolder()
    try document.write(to: folder.file("plan.json"))
    #expect(try folder.bytes(of: "plan.json") == Array(text.utf8))
    #expect(try PlanDocument.read(folder.file("plan.json")) == document)
  }

  /// A text with one tensor of these fields.
  private func plan(_ fields: String) -> String { #"{"momos_plan": 1, "tensors": [{\#(fields)}]}"# }

  @Test(arguments: [
    (#""name": "a""#, InterchangeError.Rule.planParts, "tensors[0]"),
    (#""name": "a", "class": "x", "parts": []"#, .planParts, "tensors[0]"),
    (#""name": "a", "parts": []"#, .planParts, "tensors[0]"),
    (#""class": "x""#, .jsonMissingKey, "tensors[0]"),
    (#""name": "a", "class": "x", "kind": 1"#, .jsonUnknownKey, "tensors[0]"),
    (#""name": "a", "class": 4"#, .jsonValue, "tensors[0].class"),
    (#""name": "a", "class": "x", "bits": "2""#, .jsonValue, "tensors[0].bits"),
    (#""name": "a", "parts": [{"class": "x"}]"#, .jsonMissingKey, "tensors[0].parts[0]"),
    (#""name": "a", "parts": [{"rows": "", "class": "x"}]"#, .planRows, "tensors[0].parts[0].rows"),
    (#""name": "a", "parts": [{"rows": "3-1", "class": "x"}]"#, .planRows, "tensors[0].parts[0].rows"),
    (#""name": "a", "parts": [{"rows": "1 1", "class": "x"}]"#, .planRows, "tensors[0].parts[0].rows"),
    (#""name": "a", "parts": [{"rows": "0-5 4-6", "class": "x"}]"#, .planRows, "tensors[0].parts[0].rows"),
    (#""name": "a", "parts": [{"rows": "-1", "class": "x"}]"#, .planRows, "tensors[0].parts[0].rows"),
    (
      #""name": "a", "parts": [{"rows": "0-9223372036854775807", "class": "x"}]"#, .planRows,
      "tensors[0].parts[0].rows"
    ),
    (#""name": "a", "parts": [{"rows": "1-2-3", "class": "x"}]"#, .planRows, "tensors[0].parts[0].rows"),
    (#""name": "a", "parts": [{"rows": "1,2", "class": "x"}]"#, .planRows, "tensors[0].parts[0].rows"),
    (
      #""name": "a", "parts": [{"rows": "0-99999999999999999999", "class": "x"}]"#, .planRows,
      "tensors[0].parts[0].rows"
    ),
  ])
  func entriesThatBreakARuleAreRefusedWithTheirPlace(
    fields: String, rule: InterchangeError.Rule, place: String
  ) {
    let error = refusal { () throws(InterchangeError) in try decode(plan(fields)) }
    #expect(error?.rule == rule)
    #expect(error?.place == place)
  }

  @Test(arguments: [#"{"tensors": []}"#, #"{"momos_plan": 2, "tensors": []}"#, "[]", ""])
  func otherDocumentsAreRefused(text: String) {
    #expect(refusal { () throws(InterchangeError) in try decode(text) } != nil)
  }
}
