import MomosFit
import MomosKernels
import MomosModel

@testable import Momos
@testable import MomosInterchange

/// Plans that people edit.
struct PlanTarget: FuzzTarget {
  static let name = "plan"
  static let files = [
    "MomosInterchange/PlanDocument.swift", "MomosInterchange/PlanDocumentCoding.swift",
    "Momos/PlanFile.swift",
  ]

  private let folder: ScratchFolder
  private let candidates: [FitCandidate]
  private let tensors: [String: Tensor]

  init() throws {
    folder = try ScratchFolder()
    func tensor(_ dimensions: [Int]) throws -> Tensor {
      let count = dimensions.reduce(1, *)
      return try Tensor((0..<count).map { Float($0 * 37 % 1009) }, shape: Shape(dimensions))
    }
    tensors = ["a": try tensor([128, 128]), "b": try tensor([128, 64]), "bias": try tensor([128])]
    let matrix = FitRole.linear(.lastAxisIsInput(rank: 2))
    candidates = [
      FitCandidate(name: "a", elementType: .float32, shape: try Shape([128, 128]), role: matrix),
      FitCandidate(name: "b", elementType: .float32, shape: try Shape([128, 64]), role: matrix),
      FitCandidate(name: "bias", elementType: .float32, shape: try Shape([128]), role: .dense(reason: "")),
    ]
  }

  func run(_ input: [UInt8]) throws {
    let document = try PlanDocument.decode(try Bytes(copying: input))
    let text = JSON(document).rendered()
    guard try PlanDocument.decode(try Bytes(copying: Array(text.utf8))) == document else {
      throw Finding(text: "an encoded plan is decoded to another")
    }
    try folder.write(input, to: "plan.json")
    let file = try PlanFile(reading: folder.path("plan.json"))
    let parts = try file.parts(of: candidates)
    // The plan that follows, written, says the same classes.
    let plan = try FitPlanner(options: FitOptions()).plan(candidates, parts: parts) { name in
      try tensors[name].orMissing()
    }
    try PlanFile.write(plan, to: folder.path("again.json"))
    let again = try PlanFile(reading: folder.path("again.json"))
    let counts = try again.parts(of: candidates).mapValues(\.count)
    guard parts.allSatisfy({ counts[$0.key] == $0.value.count }), again.classes.count == candidates.count
    else { throw Finding(text: "a written plan is read as another") }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    JSONText.mutated(
      input,
      words: [
        "momos_plan", "goal", "tensors", "name", "class", "parts", "rows", "reason", "bits", "byte_count",
        "predicted_loss", "a", "b", "bias", "dense", "s8k256", "overlapping s4k256", "s8k256 + s4k16",
        "exact s4k16", "0-127", "0-63 64-127", "0 1 2 3-127", "5-4", "0-9223372036854775807",
        "s99999999999999999999k1", "s0k0", "s64k65536", "127",
      ], &dice)
  }
}

/// Calibrations that were saved.
struct CalibrationTarget: FuzzTarget {
  static let name = "calibration"
  static let files = ["Momos/SavedCalibration.swift"]

  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  func run(_ input: [UInt8]) throws {
    let archive = try SourceCollection([NPZArchive(try Bytes(copying: input), path: "saved.npz")])
    guard let calibration = try SavedCalibration.read(archive, path: "saved.npz") else { return }
    let path = folder.path("again.npz")
    try SavedCalibration.write(calibration, to: path)
    let again = try SavedCalibration.read(SourceCollection.open([path]), path: path)
    guard again == calibration else { throw Finding(text: "a written calibration is read as another") }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] { ArchiveTarget.mutated(input, &dice) }
}

/// The journal of an interrupted conversion, taken up by a fit.
struct JournalTarget: FuzzTarget {
  static let name = "journal"
  static let files = ["Momos/ConversionJournal.swift", "MomosFit/FitJournal.swift"]
  static let conversion: UInt64 = 1
  static let plan: UInt64 = 2
  /// What the last byte of an input chooses from.
  static let fileNames = ["group-0", "tensor-0", "manifest", "calibration", "tensor-1"]

  private let folder: ScratchFolder
  private let fitPlan: FitPlan
  private let pool = ThreadPool(threadCount: 1)
  private let tensors: [String: Tensor]

  init() throws {
    folder = try ScratchFolder()
    tensors = try Self.makeTensors()
    fitPlan = try Self.makePlan(tensors)
  }

  static func makeTensors() throws -> [String: Tensor] {
    var generator = SeededGenerator(seed: 1)
    var tensors: [String: Tensor] = [:]
    for name in ["a", "b"] {
      tensors[name] = try Tensor((0..<64).map { _ in Float(generator.nextNormal()) }, shape: Shape([8, 8]))
    }
    return tensors
  }

  static func makePlan(_ tensors: [String: Tensor]) throws -> FitPlan {
    var options = FitOptions()
    options.blockLength = 2
    options.motifs = .count(4)
    options.effort = .fast
    let candidates = tensors.keys.sorted().compactMap { name in
      tensors[name].map {
        FitCandidate(
          name: name, elementType: .float32, shape: $0.shape, role: .linear(.lastAxisIsInput(rank: 2)))
      }
    }
    return try FitPlanner(options: options).plan(candidates) { try tensors[$0].orMissing() }
  }

  func run(_ input: [UInt8]) throws {
    let output = folder.path("file.momos")
    var journal: ConversionJournal? = try ConversionJournal(
      of: output, conversion: Self.conversion, resumes: false)
    journal = nil
    guard let choice = input.last else { return }
    let name = Self.fileNames[Int(choice) % Self.fileNames.count]
    try folder.write(Array(input.dropLast()), to: "file.momos.partial/\(name).npz")
    journal = try ConversionJournal(of: output, conversion: Self.conversion, resumes: true)
    guard let journal else { return }
    _ = try journal.calibration()
    try Self.fit(fitPlan, tensors, journal.findings(plan: Self.plan), pool)
    journal.remove()
  }

  static func fit(_ plan: FitPlan, _ tensors: [String: Tensor], _ journal: FitJournal, _ pool: ThreadPool)
    throws
  {
    var fitter = Fitter(plan: plan, journal: journal, pool: pool)
    for planned in plan.tensors {
      try fitter.train(for: planned) { try tensors[$0].orMissing() }
      _ = try fitter.fit(tensors[planned.name].orMissing(), as: planned)
    }
  }

  func mutated(_ input: [UInt8], _ dice: inout Dice) -> [UInt8] {
    guard let choice = input.last else { return [0] }
    return ArchiveTarget.mutated(Array(input.dropLast()), &dice) + [dice.oneIn(16) ? choice &+ 1 : choice]
  }
}

extension Tensor? {
  func orMissing() throws -> Tensor {
    guard let self else { throw Finding(text: "no such tensor") }
    return self
  }
}
