// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "EmbedReader",
  dependencies: [.package(name: "momos", path: "../../..")],
  targets: [
    .executableTarget(
      name: "EmbedReader", dependencies: [.product(name: "MomosReader", package: "momos")])
  ]
)
