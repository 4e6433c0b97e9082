// The values that this library's interface is made of.
@_exported public import MomosFit
@_exported public import MomosFormat
@_exported public import MomosModel
