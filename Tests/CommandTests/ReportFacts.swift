/// What tests read of the JSON that commands print.
struct ConversionFacts: Decodable {
  struct TensorFacts: Decodable {
    let name: String
    let className: String
    let relativeError: Double?
  }

  let fileByteCount: Int
  let sourceByteCount: Int
  let bits: Double?
  let isExact: Bool
  let tensors: [TensorFacts]
}

struct VerificationFacts: Decodable {
  struct Metrics: Decodable {
    let cosine: Double
    let relativeError: Double
    let snrDb: Double
  }

  struct TensorFacts: Decodable {
    let name: String
    let againstSource: Metrics?
    let executedAgainstReconstructed: Metrics?
  }

  struct OutputFacts: Decodable {
    let name: String
    let executedAgainstReconstructed: Metrics
    let againstSource: Metrics?
    let accuracy: Double?
    let sourceAccuracy: Double?
  }

  let tensors: [TensorFacts]
  let outputs: [OutputFacts]
  let failures: [String]
  let hasPassed: Bool
}

struct BenchmarkFacts: Decodable {
  let medianSeconds: Double
  let p95Seconds: Double
  let residentBytes: Int
  let weightBytes: Int
}

/// A graph in JSON, in full: tests compare two of them.
struct GraphFacts: Decodable, Equatable {
  struct OperatorSet: Decodable, Equatable {
    let domain: String
    let version: Int
  }

  struct Value: Decodable, Equatable {
    let name: String
    let elementType: String?
    let dimensions: [Dimension]?
  }

  enum Dimension: Decodable, Equatable {
    case size(Int)
    case symbol(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let size = try? container.decode(Int.self) {
        self = .size(size)
      } else {
        self = .symbol(try container.decode(String.self))
      }
    }
  }

  struct Attribute: Decodable, Equatable {
    let name: String
    let int: Int?
    let float: Float?
  }

  struct Node: Decodable, Equatable {
    let name: String?
    let `operator`: String
    let inputs: [String]
    let outputs: [String]
    let attributes: [Attribute]?
  }

  struct Graph: Decodable, Equatable {
    let name: String
    let inputs: [Value]
    let outputs: [Value]
    let nodes: [Node]
  }

  let operatorSets: [OperatorSet]
  let graphs: [Graph]
}
