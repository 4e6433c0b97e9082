import Glibc
public import MomosModel

/// What a finished file consists of.
public struct WriteSummary: Sendable, Hashable {
  public let path: String
  public let byteCount: Int
  public let headerByteCount: Int
  public let tensorCount: Int
}

/// Writes a .momos file tensor by tensor; its memory is bounded by the largest tensor and all dictionaries.
///
/// The file grows under a temporary name beside its target and takes the target's name in `finish`, after it was
/// read back and checked. If the writer goes away before that, or anything fails, the temporary file is removed
/// and whatever was at the target stays. After an error the writer can only be dropped.
///
/// The bytes depend on nothing but the arguments of the calls, their order and the version of libzstd.
public final class MomosWriter {
  public struct Options: Sendable, Hashable {
    /// Compress sections with zstd where that saves at least 3 % of their bytes.
    public var compress: Bool
    /// Replace an existing file; a symbolic link is replaced, not followed.
    public var overwrite: Bool

    public init(compress: Bool = false, overwrite: Bool = false) {
      self.compress = compress
      self.overwrite = overwrite
    }
  }

  private let path: String
  private let options: Options
  /// nil once the writer finished or failed.
  private var file: TemporaryFile?
  private var assembly: FileAssembly

  /// Creates the temporary file, so that a missing folder or a forbidden one is noticed before any work.
  /// - Throws: `targetExists`, `notRegularFile`, `cannotWrite`, `diskFull`.
  public init(path: String, options: Options = Options()) throws(FormatError) {
    try Self.checkTarget(path, overwrite: options.overwrite)
    let file = try TemporaryFile(target: path)
    self.path = path
    self.options = options
    self.file = file
    self.assembly = FileAssembly(sink: FileSink(file: file, compress: options.compress))
    try step { _, file throws(FormatError) in
      try file.write(try heapBytes([UInt8](repeating: 0, count: FormatLimits.preambleByteCount)))
    }
  }

  /// Writes a dense tensor.
  /// - Parameter storedAs: the type of the elements in the file: f16 or bf16 for an f32 or f64 tensor, f32 for an
  ///   f64 tensor. Values are rounded to nearest even; what is read is the rounded value, widened.
  public func write(name: String, dense tensor: Tensor, storedAs: ElementType? = nil) throws(FormatError) {
    try step { assembly, _ throws(FormatError) in
      let stored = try tensor.narrowed(to: storedAs ?? tensor.elementType, name: name)
      try assembly.append(
        name: name, elementType: tensor.elementType, shape: tensor.shape, storedAs: stored.elementType,
        .bytes(stored.bytes))
    }
  }

  /// Writes a mosaic tensor. A dictionary that was written before (identical `values`, equal facts) is shared.
  ///
  /// With flat blocking the view is not stored: it is read as the identity without row axes.
  public func write(name: String, mosaic tensor: MosaicTensor) throws(FormatError) {
    try step { assembly, _ throws(FormatError) in
      try assembly.append(name: name, try MosaicDraft(tensor, name: name))
    }
  }

  /// Writes a tensor that repeats one written before, which may be an alias itself.
  public func write(name: String, aliasOf target: String) throws(FormatError) {
    try step { assembly, _ throws(FormatError) in try assembly.append(name: name, aliasOf: target) }
  }

  /// Writes a tensor of any form.
  public func write(_ tensor: NamedTensor) throws(FormatError) {
    switch tensor.content {
    case .dense(let dense): try write(name: tensor.name, dense: dense)
    case .mosaic(let mosaic): try write(name: tensor.name, mosaic: mosaic)
    case .alias(let target): try write(name: tensor.name, aliasOf: target)
    }
  }

  /// Writes the header, brings the file to the disk, reads it back through every rule and gives it its name.
  public func finish(
    graphs: [Graph] = [], operatorSets: [OperatorSet] = [], provenance: Provenance = Provenance()
  ) throws(FormatError) -> WriteSummary {
    var header = Bytes()
    var offset = 0
    try step { assembly, file throws(FormatError) in
      header = try heapBytes(
        try assembly.encodedHeader(graphs: graphs, operatorSets: operatorSets, provenance: provenance))
      offset = assembly.headerOffset
      let preamble = Preamble(
        headerOffset: offset, headerByteCount: header.count, headerDigest: xxh3(header))
      try file.write(zeroBytes: offset - file.byteCount)
      try file.write(header)
      try file.overwriteStart(try heapBytes(try preamble.encoded()))
      try file.synchronize()
      try MomosReader(path: file.path).checkAll()
      try file.rename(overwrite: options.overwrite)
    }
    self.file = nil
    return WriteSummary(
      path: path, byteCount: offset + header.count, headerByteCount: header.count,
      tensorCount: assembly.tensorCount)
  }

  /// The exact byte count of the file that a plan leads to, without compression.
  public static func predictedByteCount(of plan: FilePlan) throws(FormatError) -> Int {
    var assembly = FileAssembly(sink: CountingSink())
    for tensor in plan.tensors {
      switch tensor.content {
      case .dense(let elementType, let shape, let storedAs):
        let stored = storedAs ?? elementType
        try assembly.append(
          name: tensor.name, elementType: elementType, shape: shape, storedAs: stored,
          .count(shape.elementCount * stored.byteCount))
      case .mosaic(let facts): try assembly.append(name: tensor.name, MosaicDraft(facts))
      case .alias(let target): try assembly.append(name: tensor.name, aliasOf: target)
      }
    }
    let header = try assembly.encodedHeader(
      graphs: plan.graphs, operatorSets: plan.operatorSets, provenance: plan.provenance)
    return assembly.headerOffset + header.count
  }

  /// Runs one step of writing; an error ends the writer and removes the temporary file.
  private func step(
    _ body: (inout FileAssembly, TemporaryFile) throws(FormatError) -> Void
  ) throws(FormatError) {
    guard let file else {
      throw FormatError(
        .cannotWrite, at: quoted(path), expected: "a writer in use", found: "one that finished or failed")
    }
    do {
      try body(&assembly, file)
    } catch {
      file.remove()
      self.file = nil
      throw error
    }
  }

  /// Refuses what `rename` would refuse or should not replace, before any work is done.
  private static func checkTarget(_ path: String, overwrite: Bool) throws(FormatError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFLNK else {
      throw FormatError(
        .notRegularFile, at: quoted(path), expected: "a regular file or none",
        found: kind == S_IFDIR ? "a folder" : "a special file")
    }
    guard overwrite else { throw TemporaryFile.failure(path, code: EEXIST) }
  }
}
