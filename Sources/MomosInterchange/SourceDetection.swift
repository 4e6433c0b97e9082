import MomosModel

/// What the first bytes of a file say it is; its name says nothing.
enum SourceFormat {
  case npy
  case zip
  case momos
  case safetensors
  case onnx
  case json
  case unknown

  init(content: Span<UInt8>) {
    if content.contains(NPYHeader.signature, at: 0) {
      self = .npy
    } else if content.contains(Array("PK\u{3}\u{4}".utf8), at: 0)
      || content.contains(Array("PK\u{5}\u{6}".utf8), at: 0)
    {
      self = .zip
    } else if content.contains(Array("MOMOS\r\n".utf8), at: 1) {
      self = .momos
    } else if Self.isSafetensors(content) {
      self = .safetensors
    } else if Self.isONNX(content) {
      self = .onnx
    } else if Self.isJSON(content) {
      self = .json
    } else {
      self = .unknown
    }
  }

  /// A 64-bit byte count, of which 32 bits are enough, then JSON.
  private static func isSafetensors(_ content: Span<UInt8>) -> Bool {
    guard content.contains([UInt8(ascii: "{")], at: 8) else { return false }
    return content.littleEndian(UInt64.self, at: 0) <= UInt64(UInt32.max)
  }

  /// White space, then an object.
  private static func isJSON(_ content: Span<UInt8>) -> Bool {
    for position in content.indices where ![0x20, 0x0A, 0x0D, 0x09].contains(content[position]) {
      return content[position] == UInt8(ascii: "{")
    }
    return false
  }

  /// A protobuf message with field 1 (`ir_version`), a small number, and then another field of `ModelProto`.
  private static func isONNX(_ content: Span<UInt8>) -> Bool {
    guard content.count >= 3, content[0] == 0x08, (1...32).contains(content[1]) else { return false }
    return [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72].contains(content[2])
  }
}

extension SourceFormat {
  /// Why a file of this format is no source.
  func refusal(of content: Span<UInt8>) -> InterchangeError {
    let supported = "an .npy, .npz or safetensors file or an ONNX model"
    if case .momos = self {
      return InterchangeError(
        .momosAsSource, expected: supported,
        found:
          "a .momos file, which is converted already (alone it can be written to .npz, .safetensors or .onnx)"
      )
    }
    return InterchangeError(
      .unknownContent, expected: "\(supported), or raw data given as NAME=FILE:f32[ROWS,COLUMNS]",
      found: Self.firstBytes(of: content))
  }

  private static func firstBytes(of content: Span<UInt8>) -> String {
    guard content.count > 0 else { return "an empty file" }
    let bytes = content.array(0..<min(content.count, 8)).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return "first bytes " + bytes.joined(separator: " ")
  }
}
