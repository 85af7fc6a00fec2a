// swift-tools-version: 6.3
// The engine as a library of another program.

import PackageDescription

let package = Package(
  name: "Embed",
  dependencies: [.package(name: "pointsman", path: "../..")],
  targets: [
    .executableTarget(
      name: "Embed",
      dependencies: [.product(name: "Engine", package: "pointsman")],
      path: ".",
      sources: ["main.swift"]
    )
  ],
  swiftLanguageModes: [.v6]
)
