// swift-tools-version: 6.2
import PackageDescription

// Build with tools/fuzz/build: the instrumentation of coverage and addresses comes from its flags.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "momos", path: "../..")],
  targets: [
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "momos-fuzz",
      dependencies: [
        "CFuzzer", .product(name: "Momos", package: "momos"),
        .product(name: "MomosReader", package: "momos"), .product(name: "MomosC", package: "momos"),
      ],
      swiftSettings: [
        .swiftLanguageMode(.v6), .strictMemorySafety(), .enableUpcomingFeature("ExistentialAny"),
        .treatAllWarnings(as: .error),
      ]),
  ]
)
