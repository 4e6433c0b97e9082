import MomosModel

/// Where the elements of a resized axis come from, as the attributes of Resize say.
struct ResizeAttributes: Sendable {
  enum Mode: Sendable {
    case nearest, linear, cubic
  }

  enum Coordinates: String, Sendable, CaseIterable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric = "asymmetric"
    case cropAndResize = "tf_crop_and_resize"
    case centredForNearest = "tf_half_pixel_for_nn"
  }

  enum Rounding: String, Sendable, CaseIterable {
    case preferFloor = "round_prefer_floor"
    case preferCeil = "round_prefer_ceil"
    case floor, ceil
    /// Down where the axis grows, up where it shrinks: before operator set 11.
    case outward
  }

  let mode: Mode
  let coordinates: Coordinates
  let rounding: Rounding
  let cubicCoefficient: Double
  let excludesOutside: Bool
  let extrapolation: Float
  /// Whether an axis that shrinks is filtered.
  let antialiases: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    mode = try Self.mode(&context)
    coordinates =
      Coordinates(
        rawValue: try context.attributes.choice(
          "coordinate_transformation_mode", of: Coordinates.allCases.map(\.rawValue))) ?? .halfPixel
    let roundings = Rounding.allCases.filter { $0 != .outward }.map(\.rawValue)
    rounding =
      Rounding(rawValue: try context.attributes.choice("nearest_mode", of: roundings)) ?? .preferFloor
    cubicCoefficient = Double(try context.attributes.float("cubic_coeff_a", default: -0.75))
    excludesOutside = try context.attributes.flag("exclude_outside", default: false)
    extrapolation = try context.attributes.float("extrapolation_value", default: 0)
    antialiases =
      context.version >= 18 ? try context.attributes.flag("antialias", default: false) : false
    guard !(antialiases && mode == .nearest) else {
      throw .attributeValue(
        context.label, attribute: "antialias", expected: "0 in mode nearest", found: "1")
    }
  }

  /// What Upsample does, and Resize before operator set 11.
  init(upsampling context: inout OperatorContext) throws(RuntimeError) {
    mode = try Self.mode(&context)
    coordinates = .asymmetric
    rounding = .outward
    cubicCoefficient = -0.75
    excludesOutside = false
    extrapolation = 0
    antialiases = false
  }

  private static func mode(_ context: inout OperatorContext) throws(RuntimeError) -> Mode {
    switch try context.attributes.choice("mode", of: ["nearest", "linear", "cubic", "bilinear"]) {
    case "linear", "bilinear": .linear
    case "cubic": .cubic
    default: .nearest
    }
  }
}
