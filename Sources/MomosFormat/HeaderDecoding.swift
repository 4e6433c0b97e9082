import CMomosSchema
import CProtobufC
import MomosModel
import MomosProtobuf

/// Parses the header's bytes into records with protobuf-c, within a memory budget (H-01).
///
/// The C message lives only inside `records(parsing:)`; what is copied out of it is charged to the same
/// budget, so that message and records together stay within it.
@safe
struct HeaderDecoding {
  let budget: MemoryBudget

  /// - Parameter bytes: memory that nobody else can change: the C parser reads it twice.
  static func records(parsing bytes: Bytes) throws(FormatError) -> HeaderRecord {
    let budget = MemoryBudget(headerByteCount: bytes.count)
    let decoding = HeaderDecoding(budget: budget)
    guard budget.charge(bytes.count) else { throw decoding.exhausted }
    let result = unsafe BudgetedAllocator(charging: budget).withAllocator { allocator in
      unsafe decoding.parse(bytes, allocator)
    }
    return try result.get()
  }

  private var exhausted: FormatError {
    FormatError(
      .h01, at: "header",
      expected: "a message that fits the memory budget of \(FormatLimits.budgetFactor) "
        + "times its byte count plus 1 MiB", found: "a larger one")
  }

  @unsafe
  private func parse(
    _ bytes: Bytes, _ allocator: UnsafeMutablePointer<ProtobufCAllocator>
  ) -> Result<HeaderRecord, FormatError> {
    let message = unsafe bytes.bytes.withUnsafeBytes { buffer in
      unsafe momos__header__unpack(
        allocator, buffer.count, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    guard let message = unsafe message else {
      if budget.isExhausted { return .failure(exhausted) }
      return .failure(
        FormatError(.h01, at: "header", expected: "a well-formed protobuf message", found: "a malformed one"))
    }
    defer { unsafe momos__header__free_unpacked(message, allocator) }
    do throws(FormatError) {
      return .success(unsafe try header(message.pointee))
    } catch {
      return .failure(error)
    }
  }

  /// An optional scalar.
  func field<Value>(_ isPresent: protobuf_c_boolean, _ value: Value) -> Value? {
    isPresent != 0 ? value : nil
  }

  @unsafe
  func text(_ isPresent: protobuf_c_boolean, _ data: ProtobufCBinaryData) throws(FormatError) -> [UInt8]? {
    isPresent != 0 ? unsafe try text(data) : nil
  }

  @unsafe
  func text(_ data: ProtobufCBinaryData) throws(FormatError) -> [UInt8] {
    unsafe try scalars(data.len, data.data)
  }

  /// A repeated scalar.
  @unsafe
  func scalars<Value>(_ count: Int, _ values: UnsafeMutablePointer<Value>?) throws(FormatError) -> [Value] {
    guard count > 0, let values = unsafe values else { return [] }
    try charge(count * MemoryLayout<Value>.stride)
    return unsafe Array(UnsafeBufferPointer(start: values, count: count))
  }

  @unsafe
  func texts(_ count: Int, _ values: UnsafeMutablePointer<ProtobufCBinaryData>?) throws(FormatError)
    -> [[UInt8]]
  {
    guard count > 0, let values = unsafe values else { return [] }
    try charge(count * MemoryLayout<[UInt8]>.stride)
    var result: [[UInt8]] = []
    result.reserveCapacity(count)
    for position in 0..<count { result.append(unsafe try text(values[position])) }
    return result
  }

  /// A repeated message.
  @unsafe
  func messages<Message, Record>(
    _ count: Int, _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?,
    _ record: (Message) throws(FormatError) -> Record
  ) throws(FormatError) -> [Record] {
    guard count > 0, let messages = unsafe messages else { return [] }
    try charge(count * MemoryLayout<Record>.stride)
    var result: [Record] = []
    result.reserveCapacity(count)
    for position in 0..<count {
      guard let message = unsafe messages[position] else { continue }
      result.append(unsafe try record(message.pointee))
    }
    return result
  }

  /// Charges the elements of an array and the 32 bytes before them.
  private func charge(_ byteCount: Int) throws(FormatError) {
    guard budget.charge(MemoryBudget.blockByteCount(byteCount + 32)) else { throw exhausted }
  }

  @unsafe
  private func header(_ message: Momos__Header) throws(FormatError) -> HeaderRecord {
    let graphDecoding = GraphDecoding(decoding: self)
    return unsafe HeaderRecord(
      requiredFeatures: try texts(message.n_required_features, message.required_features),
      sections: try messages(message.n_sections, message.sections, section),
      dictionaries: try messages(message.n_dictionaries, message.dictionaries, dictionary),
      tensors: try messages(message.n_tensors, message.tensors, tensor),
      graphs: try messages(message.n_graphs, message.graphs, graphDecoding.graph),
      operatorSets: try messages(message.n_operator_sets, message.operator_sets, graphDecoding.operatorSet),
      provenance: try message.provenance.map { pointer throws(FormatError) in
        unsafe try graphDecoding.provenance(pointer.pointee)
      })
  }

  @unsafe
  private func section(_ message: Momos__Section) throws(FormatError) -> SectionRecord {
    unsafe SectionRecord(
      offset: field(message.has_offset, message.offset),
      storedByteCount: field(message.has_stored_byte_count, message.stored_byte_count),
      rawByteCount: field(message.has_raw_byte_count, message.raw_byte_count),
      codec: field(message.has_codec, message.codec.rawValue),
      planeCount: field(message.has_plane_count, message.plane_count),
      digest: field(message.has_digest, message.digest))
  }

  @unsafe
  private func dictionary(_ message: Momos__Dictionary) throws(FormatError) -> DictionaryRecord {
    unsafe DictionaryRecord(
      motifCount: field(message.has_motif_count, message.motif_count),
      blockLength: field(message.has_block_length, message.block_length),
      motifLength: field(message.has_motif_length, message.motif_length),
      elementType: field(message.has_element_type, message.element_type.rawValue),
      isAntipodal: field(message.has_antipodal, message.antipodal != 0),
      hasZeroMotif: field(message.has_zero_motif, message.zero_motif != 0),
      scale: field(message.has_scale, message.scale),
      section: field(message.has_section, message.section))
  }

  @unsafe
  private func tensor(_ message: Momos__Tensor) throws(FormatError) -> TensorRecord {
    unsafe TensorRecord(
      name: try text(message.has_name, message.name),
      elementType: field(message.has_element_type, message.element_type.rawValue),
      dimensions: try scalars(message.n_dimensions, message.dimensions),
      kind: field(message.has_kind, message.kind.rawValue),
      section: field(message.has_section, message.section),
      storedElementType: field(message.has_stored_element_type, message.stored_element_type.rawValue),
      aliasOf: field(message.has_alias_of, message.alias_of),
      blocking: field(message.has_blocking, message.blocking.rawValue),
      composition: field(message.has_composition, message.composition.rawValue),
      permutation: try scalars(message.n_permutation, message.permutation),
      rowAxes: field(message.has_row_axes, message.row_axes),
      parts: try messages(message.n_parts, message.parts, part),
      outlierSection: field(message.has_outlier_section, message.outlier_section),
      outlierCount: field(message.has_outlier_count, message.outlier_count))
  }

  @unsafe
  private func part(_ message: Momos__Part) throws(FormatError) -> PartRecord {
    unsafe PartRecord(
      rowsSection: field(message.has_rows_section, message.rows_section),
      rowCount: field(message.has_row_count, message.row_count),
      columnsSection: field(message.has_columns_section, message.columns_section),
      columnCount: field(message.has_column_count, message.column_count),
      stages: try messages(message.n_stages, message.stages, stage),
      rowScaleSection: field(message.has_row_scale_section, message.row_scale_section),
      rowScaleElementType: field(message.has_row_scale_element_type, message.row_scale_element_type.rawValue))
  }

  @unsafe
  private func stage(_ message: Momos__Stage) throws(FormatError) -> StageRecord {
    unsafe StageRecord(
      dictionary: field(message.has_dictionary, message.dictionary),
      mosaicSection: field(message.has_mosaic_section, message.mosaic_section),
      layout: field(message.has_layout, message.layout.rawValue))
  }
}

extension MemoryBudget {
  /// The budget of a header (H-01, spec section 2).
  convenience init(headerByteCount: Int) {
    self.init(
      limit: FormatLimits.budgetFactor * headerByteCount + FormatLimits.budgetBase
        - FormatLimits.budgetReserve)
  }
}
