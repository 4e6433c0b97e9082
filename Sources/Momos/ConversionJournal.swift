import Glibc
import MomosFit
import MomosInterchange
import MomosModel

/// What an interrupted conversion has found so far: the folder `FILE.momos.partial`, which `--resume` continues.
///
///   manifest.npz     conversion  u64 [1]  digest of options, sources and samples
///   calibration.npz  see `SavedCalibration`
///   group-N.npz      see `FitJournal.Entry`; likewise tensor-N.npz
///     plan           u64 [1]      digest of the plan and the calibration
///     dictionary_D   u8 [bytes]   stored values, for D in 0..<dictionaries
///     indices_E_S    u16 [blocks] for E in 0..<encodings and S in 0..<stages
///     scales_E       f32 [rows]
///
/// Each file appears whole or not at all. The folder is locked by the process that works on it.
final class ConversionJournal: Sendable {
  let folder: String
  /// Locks the folder while it is open.
  private let descriptor: Int32

  static func path(of output: String) -> String { output + ".partial" }

  /// Whether a conversion to an output was interrupted, or is under way.
  static func exists(for output: String) -> Bool {
    var facts = stat()
    return unsafe lstat(path(of: output), &facts) == 0
  }

  /// Opens the journal of an output, or begins it.
  ///
  /// - Parameters:
  ///   - conversion: digest of what decides the conversion.
  ///   - resumes: whether a journal is continued; otherwise it is emptied.
  /// - Throws: for the journal of another conversion, and while another process works on it.
  init(of output: String, conversion: UInt64, resumes: Bool) throws(MomosError) {
    folder = Self.path(of: output)
    guard unsafe mkdir(folder, 0o777) == 0 || errno == EEXIST else {
      throw Self.failed(folder, "a new folder")
    }
    descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failed(folder, "the folder of a journal") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw MomosError(.usage, "'\(folder)': another process is at work on this conversion")
    }
    if resumes, let manifest = try read("manifest") {
      try require(conversion, in: manifest)
    } else {
      try begin(conversion)
    }
  }

  private func require(_ conversion: UInt64, in manifest: File) throws(MomosError) {
    guard try manifest.integer("conversion") == conversion else {
      throw MomosError(
        .usage,
        "'\(folder)' is the journal of another conversion (other options or inputs): --force starts anew")
    }
  }

  deinit { close(descriptor) }

  private func begin(_ conversion: UInt64) throws(MomosError) {
    removeFiles()
    try write("manifest") { writer throws in
      try writer.add(Self.tensor([conversion], .uint64), name: "conversion")
    }
  }

  /// Removes the folder, unless it holds files that are not of a journal.
  func remove() {
    removeFiles()
    unsafe rmdir(folder)
  }

  private func removeFiles() {
    guard let stream = unsafe opendir(folder) else { return }
    defer { unsafe closedir(stream) }
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
        unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
      }
      let isOurs = ["manifest.", "calibration.", "group-", "tensor-"].contains { name.hasPrefix($0) }
      if isOurs { unsafe unlink("\(folder)/\(name)") }
    }
  }

  /// What calibration found; nil if it was not kept.
  func calibration() throws(MomosError) -> Calibration? {
    guard let file = try read("calibration") else { return nil }
    guard let calibration = try SavedCalibration.read(file.archive, path: file.path) else {
      throw file.refusal("momos_calibration", expected: "this member", found: "none")
    }
    return calibration
  }

  /// Keeps what calibration found, unless it is kept already.
  func keep(_ calibration: Calibration) throws(MomosError) {
    guard FileIdentity(path: path("calibration")) == nil else { return }
    try SavedCalibration.write(calibration, to: path("calibration"))
  }

  /// The findings of a fit.
  /// - Parameter plan: digest of the plan and the calibration.
  func findings(plan: UInt64) -> FitJournal {
    FitJournal(
      restore: { entry in try self.findings(entry, plan: plan) },
      keep: { findings, entry in try self.keep(findings, entry, plan: plan) })
  }

  private func findings(_ entry: FitJournal.Entry, plan: UInt64) throws(MomosError) -> FitFindings? {
    guard let file = try read("\(entry)") else { return nil }
    guard try file.integer("plan") == plan else {
      throw MomosError(.usage, "'\(file.path)' was found by another plan: --force starts anew")
    }
    var findings = FitFindings(dictionaries: [], encodings: [])
    while let tensor = try file.tensor("dictionary_\(findings.dictionaries.count)", .uint8) {
      // Where a member lies in its archive says nothing about the alignment that motifs need.
      findings.dictionaries.append(try MomosError.translating { try tensor.bytes.copied() })
    }
    while let scales = try file.tensor("scales_\(findings.encodings.count)", .float32) {
      var encoding = PartEncoding(indices: [], scales: scales.bytes.array(of: Float.self))
      let prefix = "indices_\(findings.encodings.count)_"
      while let indices = try file.tensor("\(prefix)\(encoding.indices.count)", .uint16) {
        encoding.indices.append(indices.bytes.array(of: UInt16.self))
      }
      findings.encodings.append(encoding)
    }
    return findings
  }

  private func keep(
    _ findings: FitFindings, _ entry: FitJournal.Entry, plan: UInt64
  ) throws(MomosError) {
    try write("\(entry)") { writer throws in
      try writer.add(Self.tensor([plan], .uint64), name: "plan")
      for (number, values) in findings.dictionaries.enumerated() {
        try writer.add(
          Tensor(elementType: .uint8, shape: Shape(vector: values.count), bytes: values),
          name: "dictionary_\(number)")
      }
      for (number, encoding) in findings.encodings.enumerated() {
        try writer.add(Self.tensor(encoding.scales, .float32), name: "scales_\(number)")
        for (stage, indices) in encoding.indices.enumerated() {
          try writer.add(Self.tensor(indices, .uint16), name: "indices_\(number)_\(stage)")
        }
      }
    }
  }

  private func path(_ name: String) -> String { "\(folder)/\(name).npz" }

  private func write(_ name: String, _ add: (inout NPZWriter) throws -> Void) throws(MomosError) {
    try MomosError.translating {
      var writer = try NPZWriter(path: path(name))
      try add(&writer)
      try writer.finish()
    }
  }

  private static func tensor<Element: BitwiseCopyable>(
    _ values: [Element], _ elementType: ElementType
  ) throws(ModelError) -> Tensor {
    Tensor(elementType: elementType, shape: Shape(vector: values.count), bytes: try Bytes(copying: values))
  }

  private static func failed(_ folder: String, _ expected: String) -> MomosError {
    MomosError(
      .system, "'\(folder)': expected \(expected), found \"\(unsafe String(cString: strerror(errno)))\"")
  }

  /// nil if there is no such file.
  private func read(_ name: String) throws(MomosError) -> File? {
    let path = path(name)
    guard FileIdentity(path: path) != nil else { return nil }
    return File(archive: try MomosError.translating { try SourceCollection.open([path]) }, path: path)
  }

  /// A file of the journal.
  private struct File {
    let archive: SourceCollection
    let path: String

    /// A vector; nil if there is no such member.
    func tensor(_ name: String, _ elementType: ElementType) throws(MomosError) -> Tensor? {
      guard let entry = archive.catalog.first(where: { $0.name == name }) else { return nil }
      guard entry.elementType == elementType, entry.shape.rank == 1 else {
        throw refusal(
          name, expected: "\(elementType.name)[any]", found: "\(entry.elementType.name)\(entry.shape)")
      }
      return try MomosError.translating { try archive.read(name) }
    }

    func integer(_ name: String) throws(MomosError) -> UInt64 {
      let values = try tensor(name, .uint64)?.bytes.array(of: UInt64.self)
      guard let values, values.count == 1 else {
        throw refusal(name, expected: "u64[1]", found: values.map { "u64[\($0.count)]" } ?? "none")
      }
      return values[0]
    }

    func refusal(_ member: String, expected: String, found: String) -> MomosError {
      MomosError(
        .badData,
        "'\(path)': member '\(member).npy': expected \(expected), found \(found); --force starts anew")
    }
  }
}
