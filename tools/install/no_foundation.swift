// For commands in one file, in place of FoundationEssentials, which would be a fifth of them: ArgumentParser calls it for
// --experimental-dump-help alone, and asks errors whether they are localized, which ours are not.
//
// Compiled as the module FoundationEssentials, so that the symbols are those that ArgumentParser was compiled against.

import Glibc

public protocol LocalizedError: Error {
  var errorDescription: String? { get }
  var failureReason: String? { get }
  var recoverySuggestion: String? { get }
  var helpAnchor: String? { get }
}

private func refuse() -> Never {
  fputs("--experimental-dump-help is not part of commands in one file\n", stderr)
  exit(64)
}

/// The metadata of JSONEncoder, which whoever makes one asks for first.
@_silgen_name("$s20FoundationEssentials11JSONEncoderCMa")
public func encoderMetadata() -> Never { refuse() }

/// JSONEncoder.init()
@_silgen_name("$s20FoundationEssentials11JSONEncoderCACycfc")
public func encoderInit() -> Never { refuse() }

/// JSONEncoder.OutputFormatting.sortedKeys
@_silgen_name("$s20FoundationEssentials11JSONEncoderC16OutputFormattingV10sortedKeysAEvau")
public func sortedKeys() -> Never { refuse() }

/// JSONEncoder.OutputFormatting.prettyPrinted
@_silgen_name("$s20FoundationEssentials11JSONEncoderC16OutputFormattingV13prettyPrintedAEvau")
public func prettyPrinted() -> Never { refuse() }

/// String.init(data:encoding:)
@_silgen_name("$sSS20FoundationEssentialsE4data8encodingSSSgAA4DataVh_SSAAE8EncodingVtcfC")
public func stringOfData() -> Never { refuse() }

/// String.Encoding.utf8
@_silgen_name("$sSS20FoundationEssentialsE8EncodingV4utf8ACvau")
public func utf8() -> Never { refuse() }
