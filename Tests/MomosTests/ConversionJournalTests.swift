import FoundationEssentials
import Momos
import MomosInterchange
import MomosModel
import MomosTestSupport
import Testing

/// A conversion that was interrupted anywhere continues to the bytes of one that was not.
///
/// An interruption is a copy of the journal while a conversion is under way.
struct ConversionJournalTests {
  private static let digits = Fixtures.path + "/sources/digits-mlp"

  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private var output: String { folder.file("digits.momos") }
  private var journal: String { output + ".partial" }

  private func options(
    resumes: Bool = false, _ change: (inout ConversionOptions) -> Void = { _ in }
  ) -> ConversionOptions {
    var options = ConversionOptions(sources: [Self.digits + "/weights"], output: output)
    options.graph = Self.digits + "/graph.json"
    options.calibration = ["images=\(Self.digits)/test_images.npy"]
    options.fit.goal = .bits(2)
    options.threadCount = 1
    options.resumes = resumes
    change(&options)
    return options
  }

  private func convert(_ options: ConversionOptions) throws {
    let conversion = try Conversion(options)
    _ = try conversion.run(conversion.plan())
  }

  /// Converts, and copies the journal at every step, to a folder that is named after the step.
  private func interrupt(_ options: ConversionOptions) throws -> (file: [UInt8], journals: [String]) {
    let conversion = try Conversion(options)
    var journals: [String] = []
    _ = try conversion.run(conversion.plan()) { _ in
      let copy = folder.file("journal-\(journals.count)")
      guard (try? FileManager.default.copyItem(atPath: journal, toPath: copy)) != nil else { return }
      journals.append(copy)
    }
    let file = try folder.bytes(of: "digits.momos")
    try FileManager.default.removeItem(atPath: output)
    return (file, journals)
  }

  /// Puts a copy of a journal where a conversion looks for it.
  private func leave(_ copy: String) throws {
    try? FileManager.default.removeItem(atPath: journal)
    try FileManager.default.copyItem(atPath: copy, toPath: journal)
  }

  private func names(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  @Test(arguments: [false, true])
  func resumedConversionGivesTheSameBytes(isCalibrated: Bool) throws {
    // Plain dictionaries leave the encoding to each tensor, overlapping ones are encoded while they are trained.
    for form in [ClassTable.FormFilter.plain, .overlapping] {
      func change(_ options: inout ConversionOptions) {
        options.fit.form = form
        if !isCalibrated { options.calibration = [] }
      }
      let (file, journals) = try interrupt(options(resumes: true, change))
      #expect(folder.names.contains("digits.momos.partial") == false)
      #expect(journals.count >= 6)
      let last = try names(in: #require(journals.last))
      #expect(last.contains("calibration.npz") == isCalibrated)
      #expect(last.contains { $0.hasPrefix("group-") })
      for journal in journals {
        try leave(journal)
        try convert(options(resumes: true, change))
        #expect(try folder.bytes(of: "digits.momos") == file)
        try FileManager.default.removeItem(atPath: output)
        try FileManager.default.removeItem(atPath: journal)
      }
    }
  }

  /// Blocks of some layers are annealed, those of others are fitted with what is known of their inputs.
  @Test(arguments: [false, true])
  func resumedDecompositionGivesTheSameBytes(isCalibrated: Bool) throws {
    func change(_ options: inout ConversionOptions) {
      options.fit.goal = .explicit
      if !isCalibrated { options.calibration = [] }
      options.decomposition = DecompositionOptions()
      options.decomposition?.initialWeights = [Self.digits + "/initial"]
    }
    let (file, journals) = try interrupt(options(resumes: true, change))
    // Another level is another conversion.
    try leave(try #require(journals.last))
    #expect(throws: MomosError.self) {
      try convert(
        options(resumes: true) {
          change(&$0)
          $0.decomposition?.level = 0.05
        })
    }
    for copy in journals {
      try leave(copy)
      try convert(options(resumes: true, change))
      #expect(try folder.bytes(of: "digits.momos") == file)
      try FileManager.default.removeItem(atPath: output)
    }
  }

  /// Leaves a journal whose overlapping group has other members; nil drops one.
  private func leave(_ copy: String, changing change: (String, Tensor) throws -> Tensor?) throws {
    try leave(copy)
    for name in try names(in: journal) where name.hasPrefix("group-") {
      let archive = try SourceCollection.open([copy + "/" + name])
      var writer = try NPZWriter(path: journal + "/" + name)
      for entry in archive.catalog {
        guard let tensor = try change(entry.name, archive.read(entry.name)) else { continue }
        try writer.add(tensor, name: entry.name)
      }
      try writer.finish()
    }
  }

  @Test func findingsAreTakenFromTheJournal() throws {
    let (file, journals) = try interrupt(options())
    try leave(try #require(journals.last)) { name, tensor in
      name == "scales_0" ? try Tensor(tensor.floats().map { 2 * $0 }, shape: tensor.shape) : tensor
    }
    try convert(options(resumes: true))
    #expect(try folder.bytes(of: "digits.momos") != file)
  }

  @Test(arguments: ["scales_0", "indices_0_0", "dictionary_0", "plan"])
  func findingsOfNoFitAreRefused(member: String) throws {
    let (_, journals) = try interrupt(options { $0.fit.form = .overlapping })
    let last = try #require(journals.last)
    let changes: [(Tensor) throws -> Tensor?] = [
      { _ in nil },
      { Tensor(elementType: .bool, shape: Shape(vector: $0.bytes.count), bytes: $0.bytes) },
      { tensor in
        let count = tensor.elementCount - 1
        return Tensor(
          elementType: tensor.elementType, shape: Shape(vector: count),
          bytes: tensor.bytes[0..<count * tensor.elementType.byteCount])
      },
      { tensor in
        Tensor(
          elementType: tensor.elementType, shape: tensor.shape,
          bytes: try Bytes(copying: [UInt8](repeating: 0xFF, count: tensor.bytes.count)))
      },
    ]
    for change in changes {
      try leave(last) { $0 == member ? try change($1) : $1 }
      let error = #expect(throws: MomosError.self) {
        try convert(options(resumes: true) { $0.fit.form = .overlapping })
      }
      #expect(error?.description.contains("group-") == true, "\(error?.description ?? "")")
    }
  }

  @Test func journalOfAnotherConversionIsRefused() throws {
    let (_, journals) = try interrupt(options())
    let changes: [(inout ConversionOptions) -> Void] = [
      { $0.fit.seed = 1 }, { $0.fit.goal = .bits(3) }, { $0.densePatterns = ["fc3.*"] },
      { $0.compresses = false }, { $0.calibration = ["images=\(Self.digits)/train_images.npy"] },
    ]
    for change in changes {
      try leave(try #require(journals.last))
      let error = #expect(throws: MomosError.self) { try convert(options(resumes: true, change)) }
      #expect(error?.description.contains("another conversion") == true, "\(error?.description ?? "")")
      #expect(error?.description.contains("--force") == true)
      #expect(folder.names.contains("digits.momos") == false)
    }
  }

  @Test func interruptedConversionIsNotBegunAnewUnasked() throws {
    let (file, journals) = try interrupt(options())
    try leave(try #require(journals.first))
    let error = #expect(throws: MomosError.self) { try convert(options()) }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("--resume") == true && error?.description.contains("--force") == true)
    try convert(options { $0.overwrites = true })
    #expect(try folder.bytes(of: "digits.momos") == file)
    #expect(!FileManager.default.fileExists(atPath: journal))
  }

  @Test func savedCalibrationOfTheInterruptedConversionIsNoObstacle() throws {
    func change(_ options: inout ConversionOptions) { options.savedCalibration = folder.file("c.npz") }
    let (file, journals) = try interrupt(options(change))
    let saved = try folder.bytes(of: "c.npz")
    #expect(throws: MomosError.self) { try convert(options(resumes: true, change)) }
    try leave(try #require(journals.first))
    try convert(options(resumes: true, change))
    #expect(try folder.bytes(of: "digits.momos") == file)
    #expect(try folder.bytes(of: "c.npz") == saved)
  }

  @Test func smallConversionHasNoJournal() throws {
    let (_, journals) = try interrupt(options { $0.calibration = [] })
    #expect(journals.isEmpty)
  }

  /// Whatever lies in a journal, a conversion ends with an error or with the right file.
  @Test func damagedJournalIsRefused() throws {
    let (file, journals) = try interrupt(options())
    let last = try #require(journals.last)
    var refusalCount = 0
    for name in try names(in: last) {
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: last + "/" + name)))
      var damaged = [[], Array(bytes.prefix(bytes.count / 2)), Array(bytes.dropLast()), Array("momos".utf8)]
      for step in 0..<8 {
        var changed = bytes
        changed[(2 * step + 1) * bytes.count / 16] ^= 0x55
        damaged.append(changed)
      }
      for content in damaged {
        try leave(last)
        try Data(content).write(to: URL(filePath: journal + "/" + name))
        do {
          try convert(options(resumes: true))
          #expect(try folder.bytes(of: "digits.momos") == file)
          try FileManager.default.removeItem(atPath: output)
        } catch {
          #expect(error is MomosError, "\(error)")
          refusalCount += 1
        }
      }
    }
    #expect(refusalCount > 0)
  }

  @Test func fileInPlaceOfTheJournalIsRefused() throws {
    try folder.write([1, 2, 3], to: "digits.momos.partial")
    let error = #expect(throws: MomosError.self) { try convert(options(resumes: true)) }
    #expect(error?.kind == .system)
    #expect(try folder.bytes(of: "digits.momos.partial") == [1, 2, 3])
  }
}
