/// The header as it stands in the file: the messages of `momos.proto` field by field, nothing checked yet.
///
/// nil means absent; enumerations are raw numbers, text is raw bytes. Section, dictionary, tensor and graph
/// numbers count from 1. The reader checks these values, the writer fills them.
struct HeaderRecord: Hashable {
  var requiredFeatures: [[UInt8]] = []
  var sections: [SectionRecord] = []
  var dictionaries: [DictionaryRecord] = []
  var tensors: [TensorRecord] = []
  var graphs: [GraphRecord] = []
  var operatorSets: [OperatorSetRecord] = []
  var provenance: ProvenanceRecord?
}

struct SectionRecord: Hashable {
  var offset: UInt64?
  var storedByteCount: UInt64?
  var rawByteCount: UInt64?
  var codec: UInt32?
  var planeCount: UInt32?
  var digest: UInt64?
}

struct DictionaryRecord: Hashable {
  var motifCount: UInt32?
  var blockLength: UInt32?
  var motifLength: UInt32?
  var elementType: UInt32?
  var isAntipodal: Bool?
  var hasZeroMotif: Bool?
  var scale: Float?
  var section: UInt32?
}

struct TensorRecord: Hashable {
  var name: [UInt8]?
  var elementType: UInt32?
  var dimensions: [UInt64] = []
  var kind: UInt32?
  // DENSE
  var section: UInt32?
  var storedElementType: UInt32?
  // ALIAS
  var aliasOf: UInt32?
  // MOSAIC
  var blocking: UInt32?
  var composition: UInt32?
  var permutation: [UInt32] = []
  var rowAxes: UInt32?
  var parts: [PartRecord] = []
  var outlierSection: UInt32?
  var outlierCount: UInt64?
}

struct PartRecord: Hashable {
  var rowsSection: UInt32?
  var rowCount: UInt64?
  var columnsSection: UInt32?
  var columnCount: UInt64?
  var stages: [StageRecord] = []
  var rowScaleSection: UInt32?
  var rowScaleElementType: UInt32?
}

struct StageRecord: Hashable {
  var dictionary: UInt32?
  var mosaicSection: UInt32?
  var layout: UInt32?
}

struct GraphRecord: Hashable {
  var name: [UInt8]?
  var inputs: [ValueRecord] = []
  var outputs: [ValueRecord] = []
  var nodes: [NodeRecord] = []
}

struct ValueRecord: Hashable {
  var name: [UInt8]?
  var elementType: UInt32?
  var dimensions: [DimensionRecord] = []
  var hasShape: Bool?
}

struct DimensionRecord: Hashable {
  var size: UInt64?
  var symbol: [UInt8]?
}

struct NodeRecord: Hashable {
  var name: [UInt8]?
  var operatorType: [UInt8]?
  var domain: [UInt8]?
  var inputs: [[UInt8]] = []
  var outputs: [[UInt8]] = []
  var attributes: [AttributeRecord] = []
}

struct AttributeRecord: Hashable {
  var name: [UInt8]?
  var type: UInt32?
  var float: Float?
  var int: Int64?
  var string: [UInt8]?
  var tensor: [UInt8]?
  var graph: UInt32?
  var floats: [Float] = []
  var ints: [Int64] = []
  var strings: [[UInt8]] = []
}

struct OperatorSetRecord: Hashable {
  var domain: [UInt8]?
  var version: UInt64?
}

struct ProvenanceRecord: Hashable {
  var toolVersion: [UInt8]?
  var seed: UInt64?
  var options: [OptionRecord] = []
  var tensors: [TensorProvenanceRecord] = []
}

struct OptionRecord: Hashable {
  var name: [UInt8]?
  var value: [UInt8]?
}

struct TensorProvenanceRecord: Hashable {
  var tensor: UInt32?
  var sourceDigest: UInt64?
  var className: [UInt8]?
  var bits: Double?
  var relativeError: Double?
  var outputError: Double?
  var predictedLoss: Double?
  var measuredLoss: Double?
}
