/// Told how far work is, as the share of it that is done, 0 to 1. What it throws ends the work, which then leaves no
/// output: throw an error of the kind `cancelled`.
public typealias Progress = (Double) throws(MomosError) -> Void
