// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have their names of momos.h.

public import CMomosABI
import Momos

/// The caller's progress function.
@unsafe
private struct ProgressFunction {
  let function: momos_progress?
  let context: UnsafeMutableRawPointer?

  func report(_ phase: String, _ share: Double) throws(MomosError) {
    guard let function = unsafe function else { return }
    let answer = unsafe phase.withCString { unsafe function($0, share, context) }
    if answer != 0 { throw MomosError(.cancelled, "\(phase) was cancelled") }
  }
}

@c @implementation
public func momos_convert(
  _ options: UnsafePointer<CChar>?, _ progress: momos_progress?, _ context: UnsafeMutableRawPointer?,
  _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> momos_status {
  status { () throws(MomosError) in
    let options = try ConversionOptions(json: unsafe text(options, "options"))
    let function = unsafe ProgressFunction(function: progress, context: context)
    if options.isExport {
      let result = try Export(options).run { share throws(MomosError) in
        try unsafe function.report("exporting", share)
      }
      if let target = unsafe report { try unsafe give(result.json, to: target) }
      return
    }
    let conversion = try Conversion(options)
    let plan = try conversion.plan { share throws(MomosError) in
      try unsafe function.report("calibrating", share)
    }
    let result =
      if options.output == nil {
        try conversion.preview(plan)
      } else {
        try conversion.run(plan) { share throws(MomosError) in try unsafe function.report("converting", share)
        }
      }
    if let target = unsafe report { try unsafe give(result.json, to: target) }
  }
}

@c @implementation
public func momos_verify(
  _ options: UnsafePointer<CChar>?, _ progress: momos_progress?, _ context: UnsafeMutableRawPointer?,
  _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> momos_status {
  var hasPassed = true
  let result = status { () throws(MomosError) in
    let verification = try Verification(VerificationOptions(json: unsafe text(options, "options")))
    let function = unsafe ProgressFunction(function: progress, context: context)
    let found = try verification.run { share throws(MomosError) in
      try unsafe function.report("verifying", share)
    }
    if let target = unsafe report { try unsafe give(found.json, to: target) }
    hasPassed = found.hasPassed
    if !hasPassed { throw MomosError(.badData, found.failures.joined(separator: "; ")) }
  }
  return hasPassed ? result : MOMOS_NOT_VERIFIED
}
