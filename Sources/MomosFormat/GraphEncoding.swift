import CMomosSchema

/// The part of `HeaderEncoding` that fills graphs, operator sets and provenance.
@safe
struct GraphEncoding {
  let arena: HeaderArena

  @unsafe
  func graph(_ record: GraphRecord, _ message: inout Momos__Graph) throws(FormatError) {
    unsafe message.has_name = arena.presence(record.name)
    unsafe message.name = try arena.text(record.name)
    unsafe message.n_inputs = record.inputs.count
    unsafe message.inputs = try arena.messages(record.inputs, momos__value__init, value)
    unsafe message.n_outputs = record.outputs.count
    unsafe message.outputs = try arena.messages(record.outputs, momos__value__init, value)
    unsafe message.n_nodes = record.nodes.count
    unsafe message.nodes = try arena.messages(record.nodes, momos__node__init, node)
  }

  @unsafe
  private func value(_ record: ValueRecord, _ message: inout Momos__Value) throws(FormatError) {
    unsafe message.has_name = arena.presence(record.name)
    unsafe message.name = try arena.text(record.name)
    unsafe message.has_element_type = arena.presence(record.elementType)
    unsafe message.element_type = Momos__ElementType(rawValue: record.elementType ?? 0)
    unsafe message.n_dimensions = record.dimensions.count
    unsafe message.dimensions = try arena.messages(record.dimensions, momos__dimension__init, dimension)
    unsafe message.has_has_shape = arena.presence(record.hasShape)
    unsafe message.has_shape = record.hasShape == true ? 1 : 0
  }

  @unsafe
  private func dimension(_ record: DimensionRecord, _ message: inout Momos__Dimension) throws(FormatError) {
    unsafe message.has_size = arena.presence(record.size)
    unsafe message.size = record.size ?? 0
    unsafe message.has_symbol = arena.presence(record.symbol)
    unsafe message.symbol = try arena.text(record.symbol)
  }

  @unsafe
  private func node(_ record: NodeRecord, _ message: inout Momos__Node) throws(FormatError) {
    unsafe message.has_name = arena.presence(record.name)
    unsafe message.name = try arena.text(record.name)
    unsafe message.has_operator_type = arena.presence(record.operatorType)
    unsafe message.operator_type = try arena.text(record.operatorType)
    unsafe message.has_domain = arena.presence(record.domain)
    unsafe message.domain = try arena.text(record.domain)
    unsafe message.n_inputs = record.inputs.count
    unsafe message.inputs = try arena.texts(record.inputs)
    unsafe message.n_outputs = record.outputs.count
    unsafe message.outputs = try arena.texts(record.outputs)
    unsafe message.n_attributes = record.attributes.count
    unsafe message.attributes = try arena.messages(record.attributes, momos__attribute__init, attribute)
  }

  @unsafe
  private func attribute(_ record: AttributeRecord, _ message: inout Momos__Attribute) throws(FormatError) {
    unsafe message.has_name = arena.presence(record.name)
    unsafe message.name = try arena.text(record.name)
    unsafe message.has_type = arena.presence(record.type)
    unsafe message.type = Momos__AttributeType(rawValue: record.type ?? 0)
    unsafe message.has_float_value = arena.presence(record.float)
    unsafe message.float_value = record.float ?? 0
    unsafe message.has_int_value = arena.presence(record.int)
    unsafe message.int_value = record.int ?? 0
    unsafe message.has_string_value = arena.presence(record.string)
    unsafe message.string_value = try arena.text(record.string)
    unsafe message.has_tensor = arena.presence(record.tensor)
    unsafe message.tensor = try arena.text(record.tensor)
    unsafe message.has_graph = arena.presence(record.graph)
    unsafe message.graph = record.graph ?? 0
    unsafe message.n_floats = record.floats.count
    unsafe message.floats = try arena.scalars(record.floats)
    unsafe message.n_ints = record.ints.count
    unsafe message.ints = try arena.scalars(record.ints)
    unsafe message.n_strings = record.strings.count
    unsafe message.strings = try arena.texts(record.strings)
  }

  @unsafe
  func operatorSet(_ record: OperatorSetRecord, _ message: inout Momos__OperatorSet) throws(FormatError) {
    unsafe message.has_domain = arena.presence(record.domain)
    unsafe message.domain = try arena.text(record.domain)
    unsafe message.has_version = arena.presence(record.version)
    unsafe message.version = record.version ?? 0
  }

  @unsafe
  func provenance(_ record: ProvenanceRecord, _ message: inout Momos__Provenance) throws(FormatError) {
    unsafe message.has_tool_version = arena.presence(record.toolVersion)
    unsafe message.tool_version = try arena.text(record.toolVersion)
    unsafe message.has_seed = arena.presence(record.seed)
    unsafe message.seed = record.seed ?? 0
    unsafe message.n_options = record.options.count
    unsafe message.options = try arena.messages(record.options, momos__option__init, option)
    unsafe message.n_tensors = record.tensors.count
    unsafe message.tensors = try arena.messages(
      record.tensors, momos__tensor_provenance__init, tensorProvenance)
  }

  @unsafe
  private func option(_ record: OptionRecord, _ message: inout Momos__Option) throws(FormatError) {
    unsafe message.has_name = arena.presence(record.name)
    unsafe message.name = try arena.text(record.name)
    unsafe message.has_value = arena.presence(record.value)
    unsafe message.value = try arena.text(record.value)
  }

  @unsafe
  private func tensorProvenance(
    _ record: TensorProvenanceRecord, _ message: inout Momos__TensorProvenance
  ) throws(FormatError) {
    unsafe message.has_tensor = arena.presence(record.tensor)
    unsafe message.tensor = record.tensor ?? 0
    unsafe message.has_source_digest = arena.presence(record.sourceDigest)
    unsafe message.source_digest = record.sourceDigest ?? 0
    unsafe message.has_class_name = arena.presence(record.className)
    unsafe message.class_name = try arena.text(record.className)
    unsafe message.has_bits = arena.presence(record.bits)
    unsafe message.bits = record.bits ?? 0
    unsafe message.has_relative_error = arena.presence(record.relativeError)
    unsafe message.relative_error = record.relativeError ?? 0
    unsafe message.has_output_error = arena.presence(record.outputError)
    unsafe message.output_error = record.outputError ?? 0
    unsafe message.has_predicted_loss = arena.presence(record.predictedLoss)
    unsafe message.predicted_loss = record.predictedLoss ?? 0
    unsafe message.has_measured_loss = arena.presence(record.measuredLoss)
    unsafe message.measured_loss = record.measuredLoss ?? 0
  }
}
