import CMomosSchema
import CProtobufC
import MomosModel

/// Encodes header records as the bytes of a protobuf message, with protobuf-c.
///
/// Equal records give equal bytes: fields in the order of their numbers, no unknown fields.
@safe
struct HeaderEncoding {
  private let arena = HeaderArena()

  static func bytes(of record: HeaderRecord) throws(FormatError) -> [UInt8] {
    unsafe try HeaderEncoding().encode(record)
  }

  @unsafe
  private func encode(_ record: HeaderRecord) throws(FormatError) -> [UInt8] {
    var message = unsafe Momos__Header()
    unsafe momos__header__init(&message)
    unsafe try fill(record, &message)
    let byteCount = unsafe momos__header__get_packed_size(&message)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      count = unsafe byteCount == 0 ? 0 : momos__header__pack(&message, buffer.baseAddress)
    }
    return withExtendedLifetime(arena) { bytes }
  }

  @unsafe
  private func fill(_ record: HeaderRecord, _ message: inout Momos__Header) throws(FormatError) {
    let graphs = GraphEncoding(arena: arena)
    unsafe message.n_required_features = record.requiredFeatures.count
    unsafe message.required_features = try arena.texts(record.requiredFeatures)
    unsafe message.n_sections = record.sections.count
    unsafe message.sections = try arena.messages(record.sections, momos__section__init, section)
    unsafe message.n_dictionaries = record.dictionaries.count
    unsafe message.dictionaries = try arena.messages(record.dictionaries, momos__dictionary__init, dictionary)
    unsafe message.n_tensors = record.tensors.count
    unsafe message.tensors = try arena.messages(record.tensors, momos__tensor__init, tensor)
    unsafe message.n_graphs = record.graphs.count
    unsafe message.graphs = try arena.messages(record.graphs, momos__graph__init, graphs.graph)
    unsafe message.n_operator_sets = record.operatorSets.count
    unsafe message.operator_sets = try arena.messages(
      record.operatorSets, momos__operator_set__init, graphs.operatorSet)
    if let provenance = record.provenance {
      let messages = unsafe try arena.messages([provenance], momos__provenance__init, graphs.provenance)
      unsafe message.provenance = unsafe messages?.pointee
    }
  }

  @unsafe
  private func section(_ record: SectionRecord, _ message: inout Momos__Section) throws(FormatError) {
    unsafe message.has_offset = arena.presence(record.offset)
    unsafe message.offset = record.offset ?? 0
    unsafe message.has_stored_byte_count = arena.presence(record.storedByteCount)
    unsafe message.stored_byte_count = record.storedByteCount ?? 0
    unsafe message.has_raw_byte_count = arena.presence(record.rawByteCount)
    unsafe message.raw_byte_count = record.rawByteCount ?? 0
    unsafe message.has_codec = arena.presence(record.codec)
    unsafe message.codec = Momos__Codec(rawValue: record.codec ?? 0)
    unsafe message.has_plane_count = arena.presence(record.planeCount)
    unsafe message.plane_count = record.planeCount ?? 0
    unsafe message.has_digest = arena.presence(record.digest)
    unsafe message.digest = record.digest ?? 0
  }

  @unsafe
  private func dictionary(_ record: DictionaryRecord, _ message: inout Momos__Dictionary) throws(FormatError)
  {
    unsafe message.has_motif_count = arena.presence(record.motifCount)
    unsafe message.motif_count = record.motifCount ?? 0
    unsafe message.has_block_length = arena.presence(record.blockLength)
    unsafe message.block_length = record.blockLength ?? 0
    unsafe message.has_motif_length = arena.presence(record.motifLength)
    unsafe message.motif_length = record.motifLength ?? 0
    unsafe message.has_element_type = arena.presence(record.elementType)
    unsafe message.element_type = Momos__ElementType(rawValue: record.elementType ?? 0)
    unsafe message.has_antipodal = arena.presence(record.isAntipodal)
    unsafe message.antipodal = record.isAntipodal == true ? 1 : 0
    unsafe message.has_zero_motif = arena.presence(record.hasZeroMotif)
    unsafe message.zero_motif = record.hasZeroMotif == true ? 1 : 0
    unsafe message.has_scale = arena.presence(record.scale)
    unsafe message.scale = record.scale ?? 0
    unsafe message.has_section = arena.presence(record.section)
    unsafe message.section = record.section ?? 0
  }

  @unsafe
  private func tensor(_ record: TensorRecord, _ message: inout Momos__Tensor) throws(FormatError) {
    unsafe message.has_name = arena.presence(record.name)
    unsafe message.name = try arena.text(record.name)
    unsafe message.has_element_type = arena.presence(record.elementType)
    unsafe message.element_type = Momos__ElementType(rawValue: record.elementType ?? 0)
    unsafe message.n_dimensions = record.dimensions.count
    unsafe message.dimensions = try arena.scalars(record.dimensions)
    unsafe message.has_kind = arena.presence(record.kind)
    unsafe message.kind = Momos__TensorKind(rawValue: record.kind ?? 0)
    unsafe message.has_section = arena.presence(record.section)
    unsafe message.section = record.section ?? 0
    unsafe message.has_stored_element_type = arena.presence(record.storedElementType)
    unsafe message.stored_element_type = Momos__ElementType(rawValue: record.storedElementType ?? 0)
    unsafe message.has_alias_of = arena.presence(record.aliasOf)
    unsafe message.alias_of = record.aliasOf ?? 0
    unsafe try fillMosaic(record, &message)
  }

  @unsafe
  private func fillMosaic(_ record: TensorRecord, _ message: inout Momos__Tensor) throws(FormatError) {
    unsafe message.has_blocking = arena.presence(record.blocking)
    unsafe message.blocking = Momos__Blocking(rawValue: record.blocking ?? 0)
    unsafe message.has_composition = arena.presence(record.composition)
    unsafe message.composition = Momos__Composition(rawValue: record.composition ?? 0)
    unsafe message.n_permutation = record.permutation.count
    unsafe message.permutation = try arena.scalars(record.permutation)
    unsafe message.has_row_axes = arena.presence(record.rowAxes)
    unsafe message.row_axes = record.rowAxes ?? 0
    unsafe message.n_parts = record.parts.count
    unsafe message.parts = try arena.messages(record.parts, momos__part__init, part)
    unsafe message.has_outlier_section = arena.presence(record.outlierSection)
    unsafe message.outlier_section = record.outlierSection ?? 0
    unsafe message.has_outlier_count = arena.presence(record.outlierCount)
    unsafe message.outlier_count = record.outlierCount ?? 0
  }

  @unsafe
  private func part(_ record: PartRecord, _ message: inout Momos__Part) throws(FormatError) {
    unsafe message.has_rows_section = arena.presence(record.rowsSection)
    unsafe message.rows_section = record.rowsSection ?? 0
    unsafe message.has_row_count = arena.presence(record.rowCount)
    unsafe message.row_count = record.rowCount ?? 0
    unsafe message.has_columns_section = arena.presence(record.columnsSection)
    unsafe message.columns_section = record.columnsSection ?? 0
    unsafe message.has_column_count = arena.presence(record.columnCount)
    unsafe message.column_count = record.columnCount ?? 0
    unsafe message.n_stages = record.stages.count
    unsafe message.stages = try arena.messages(record.stages, momos__stage__init, stage)
    unsafe message.has_row_scale_section = arena.presence(record.rowScaleSection)
    unsafe message.row_scale_section = record.rowScaleSection ?? 0
    unsafe message.has_row_scale_element_type = arena.presence(record.rowScaleElementType)
    unsafe message.row_scale_element_type = Momos__ElementType(rawValue: record.rowScaleElementType ?? 0)
  }

  @unsafe
  private func stage(_ record: StageRecord, _ message: inout Momos__Stage) throws(FormatError) {
    unsafe message.has_dictionary = arena.presence(record.dictionary)
    unsafe message.dictionary = record.dictionary ?? 0
    unsafe message.has_mosaic_section = arena.presence(record.mosaicSection)
    unsafe message.mosaic_section = record.mosaicSection ?? 0
    unsafe message.has_layout = arena.presence(record.layout)
    unsafe message.layout = Momos__IndexLayout(rawValue: record.layout ?? 0)
  }
}
