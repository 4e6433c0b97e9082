public import MomosModel
import Synchronization

/// An open .momos file: a catalog of what is in it, and the door through which tensors are loaded.
///
/// Opening checks every O rule of the spec and reads nothing but preamble and header. `load` checks every L rule
/// of the sections that a tensor uses. Loaded values are views of the file wherever it is not compressed, and
/// keep it alive on their own. A reader may be used by several threads at once.
public final class MomosReader: Sendable {
  /// The version of the format that writers write; every version with the same major number is read.
  public static let formatVersion = "\(FormatLimits.majorVersion).\(FormatLimits.minorVersion)"

  /// The version of the format that the file states.
  public let version: String
  /// Bytes of the whole file.
  public let byteCount: Int
  /// Bytes of the header.
  public let headerByteCount: Int
  /// The catalog, by tensor number from 1.
  public var tensors: [TensorEntry] { contents.tensors }
  /// By dictionary number from 1.
  public var dictionaries: [DictionaryEntry] { contents.dictionaries }
  /// By section number from 1, which is their order in the file.
  public var sections: [SectionEntry] { contents.sections }
  /// The first is the model, the others are subgraphs; empty for weights alone.
  public var graphs: [Graph] { contents.graphs }
  public var operatorSets: [OperatorSet] { contents.operatorSets }
  public var provenance: Provenance { contents.provenance }

  private let contents: HeaderContents
  private let loading: TensorLoading

  /// Opens a file.
  /// - Parameter load: see `LoadMode` for what happens if the file is changed or shortened while it is open.
  /// - Throws: the O rule that the file breaks, or what `MappedFile.open` throws.
  public convenience init(path: String, load: LoadMode = .map) throws(FormatError) {
    try self.init(bytes: try MappedFile.open(path, load: load))
  }

  /// Opens a file that is already in memory; copied if it does not start at a multiple of 64.
  public init(bytes: Bytes) throws(FormatError) {
    let file = try bytes.alignedToSections()
    let preamble = try Preamble(reading: file)
    // A copy, because the parser must not see bytes that change under its feet, nor others than the digest saw.
    let start = preamble.headerOffset
    let header = try heapBytes(file[start..<start + preamble.headerByteCount].array(of: UInt8.self))
    let digest = xxh3(header)
    guard digest == preamble.headerDigest else {
      throw FormatError(
        .f10, at: "header", expected: "digest \(hexadecimal(preamble.headerDigest))",
        found: hexadecimal(digest))
    }
    let record = try HeaderDecoding.records(parsing: header)
    version = "\(FormatLimits.majorVersion).\(preamble.minorVersion)"
    self.byteCount = file.count
    self.headerByteCount = preamble.headerByteCount
    self.contents = try HeaderContents(record, headerOffset: preamble.headerOffset)
    self.loading = TensorLoading(file: SectionLoading(file: file))
  }

  /// True if the file has a tensor with this name, alias or not.
  public func hasTensor(_ name: String) -> Bool {
    contents.tensorNumbers[Array(name.utf8)] != nil
  }

  /// The catalog entry of a tensor.
  /// - Throws: `noSuchTensor`.
  public func entry(_ name: String) throws(FormatError) -> TensorEntry {
    guard let number = contents.tensorNumbers[Array(name.utf8)] else {
      throw FormatError(
        .noSuchTensor, at: "tensor \(quoted(name))", expected: "one of the file's \(tensors.count) tensors",
        found: "another name")
    }
    return tensors[number - 1]
  }

  /// Loads a tensor; an alias is returned as such.
  ///
  /// Dictionaries are decoded and checked once per reader: tensors that share one get identical `Bytes`.
  /// - Throws: `noSuchTensor`, the L rule that a section of the tensor breaks, or `allocation`.
  public func load(_ name: String) throws(FormatError) -> TensorContent {
    let entry = try entry(name)
    switch entry.form {
    case .dense(let dense): return .dense(try loading.dense(entry, dense))
    case .mosaic(let mosaic): return .mosaic(try loading.mosaic(entry, mosaic))
    case .alias(let target): return .alias(target)
    }
  }

  /// Loads a tensor, or for an alias the tensor that it repeats; never returns an alias.
  public func resolve(_ name: String) throws(FormatError) -> TensorContent {
    try load(try entry(name).aliasTarget ?? name)
  }

  /// Loads everything, or the tensors that `only` selects by name.
  ///
  /// An alias whose target is not selected becomes a tensor of its own.
  public func loadModel(only: ((String) -> Bool)? = nil) throws(FormatError) -> Model {
    var model = Model(graphs: graphs, operatorSets: operatorSets, provenance: provenance)
    for entry in tensors where only?(entry.name) ?? true {
      let targetIsSelected = entry.aliasTarget.map { only?($0) ?? true } ?? true
      let content = try targetIsSelected ? load(entry.name) : resolve(entry.name)
      model.tensors.append(NamedTensor(name: entry.name, content: content))
    }
    return model
  }

  /// Checks every L rule, one tensor at a time; nothing stays loaded but expanded dictionaries.
  public func checkAll() throws(FormatError) {
    for entry in tensors { _ = try load(entry.name) }
  }
}
