import CMomosSchema

/// The part of `HeaderDecoding` that copies graphs, operator sets and provenance.
@safe
struct GraphDecoding {
  let decoding: HeaderDecoding

  @unsafe
  func graph(_ message: Momos__Graph) throws(FormatError) -> GraphRecord {
    unsafe GraphRecord(
      name: try decoding.text(message.has_name, message.name),
      inputs: try decoding.messages(message.n_inputs, message.inputs, value),
      outputs: try decoding.messages(message.n_outputs, message.outputs, value),
      nodes: try decoding.messages(message.n_nodes, message.nodes, node))
  }

  @unsafe
  private func value(_ message: Momos__Value) throws(FormatError) -> ValueRecord {
    unsafe ValueRecord(
      name: try decoding.text(message.has_name, message.name),
      elementType: decoding.field(message.has_element_type, message.element_type.rawValue),
      dimensions: try decoding.messages(message.n_dimensions, message.dimensions, dimension),
      hasShape: decoding.field(message.has_has_shape, message.has_shape != 0))
  }

  @unsafe
  private func dimension(_ message: Momos__Dimension) throws(FormatError) -> DimensionRecord {
    unsafe DimensionRecord(
      size: decoding.field(message.has_size, message.size),
      symbol: try decoding.text(message.has_symbol, message.symbol))
  }

  @unsafe
  private func node(_ message: Momos__Node) throws(FormatError) -> NodeRecord {
    unsafe NodeRecord(
      name: try decoding.text(message.has_name, message.name),
      operatorType: try decoding.text(message.has_operator_type, message.operator_type),
      domain: try decoding.text(message.has_domain, message.domain),
      inputs: try decoding.texts(message.n_inputs, message.inputs),
      outputs: try decoding.texts(message.n_outputs, message.outputs),
      attributes: try decoding.messages(message.n_attributes, message.attributes, attribute))
  }

  @unsafe
  private func attribute(_ message: Momos__Attribute) throws(FormatError) -> AttributeRecord {
    unsafe AttributeRecord(
      name: try decoding.text(message.has_name, message.name),
      type: decoding.field(message.has_type, message.type.rawValue),
      float: decoding.field(message.has_float_value, message.float_value),
      int: decoding.field(message.has_int_value, message.int_value),
      string: try decoding.text(message.has_string_value, message.string_value),
      tensor: try decoding.text(message.has_tensor, message.tensor),
      graph: decoding.field(message.has_graph, message.graph),
      floats: try decoding.scalars(message.n_floats, message.floats),
      ints: try decoding.scalars(message.n_ints, message.ints),
      strings: try decoding.texts(message.n_strings, message.strings))
  }

  @unsafe
  func operatorSet(_ message: Momos__OperatorSet) throws(FormatError) -> OperatorSetRecord {
    unsafe OperatorSetRecord(
      domain: try decoding.text(message.has_domain, message.domain),
      version: decoding.field(message.has_version, message.version))
  }

  @unsafe
  func provenance(_ message: Momos__Provenance) throws(FormatError) -> ProvenanceRecord {
    unsafe ProvenanceRecord(
      toolVersion: try decoding.text(message.has_tool_version, message.tool_version),
      seed: decoding.field(message.has_seed, message.seed),
      options: try decoding.messages(message.n_options, message.options, option),
      tensors: try decoding.messages(message.n_tensors, message.tensors, tensorProvenance))
  }

  @unsafe
  private func option(_ message: Momos__Option) throws(FormatError) -> OptionRecord {
    unsafe OptionRecord(
      name: try decoding.text(message.has_name, message.name),
      value: try decoding.text(message.has_value, message.value))
  }

  @unsafe
  private func tensorProvenance(
    _ message: Momos__TensorProvenance
  ) throws(FormatError) -> TensorProvenanceRecord {
    unsafe TensorProvenanceRecord(
      tensor: decoding.field(message.has_tensor, message.tensor),
      sourceDigest: decoding.field(message.has_source_digest, message.source_digest),
      className: try decoding.text(message.has_class_name, message.class_name),
      bits: decoding.field(message.has_bits, message.bits),
      relativeError: decoding.field(message.has_relative_error, message.relative_error),
      outputError: decoding.field(message.has_output_error, message.output_error),
      predictedLoss: decoding.field(message.has_predicted_loss, message.predicted_loss),
      measuredLoss: decoding.field(message.has_measured_loss, message.measured_loss))
  }
}
