// swift-tools-version: 6.3
// Which room may import which is the layer table of ARCHITECTURE.md; TidyTests hold it.

import PackageDescription

/// Settings of every Swift target: warnings are errors, unsafe expressions are marked.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Tests and benchmarks: the same, but they may touch C memory without marking each line.
let relaxed: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "pointsman",
  products: [
    .executable(name: "pointsman", targets: ["CLI"]),
    .library(name: "Engine", targets: ["Engine"]),
    .library(name: "LuaBridge", targets: ["LuaBridge"]),
    .library(name: "SIPGlue", targets: ["SIPGlue"]),
  ],
  targets: [
    // Layer 0: the engine, and the C rooms.
    .target(name: "Engine", swiftSettings: strict),
    .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
    .systemLibrary(name: "CGLib", pkgConfig: "glib-2.0", providers: [.apt(["libglib2.0-dev"])]),
    .target(name: "CLuaShim", dependencies: ["CLua", "CGLib"]),
    .systemLibrary(name: "COSIP", pkgConfig: "libosip2", providers: [.apt(["libosip2-dev"])]),
    .target(name: "COSIPShim", dependencies: ["COSIP"]),
    .systemLibrary(name: "CCrypto", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CPCAP", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .target(name: "CLinux"),

    // Layer 1.
    .target(name: "Wire", dependencies: ["Engine", "CJansson"], swiftSettings: strict),
    .target(name: "Reactor", dependencies: ["CLinux"], swiftSettings: strict),

    // Layer 2: peers, blind to each other.
    .target(
      name: "LuaBridge",
      dependencies: ["Engine", "Wire", "CLuaShim"],
      resources: [
        .embedInCode("Sandbox/Prelude.lua"),
        .embedInCode("Sandbox/TestPrelude.lua"),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "SIPGlue",
      dependencies: ["Engine", "Reactor", "COSIPShim", "CCrypto"],
      swiftSettings: strict
    ),

    .target(
      name: "Journal",
      dependencies: ["Engine", "Wire", "CSQLite"],
      swiftSettings: strict
    ),
    .target(name: "Simulator", dependencies: ["Engine"], swiftSettings: strict),

    // Layers 3, 4 and 5.
    .target(
      name: "Workbench",
      dependencies: ["Engine", "Wire", "Journal", "LuaBridge", "Simulator"],
      swiftSettings: strict
    ),
    .target(
      name: "Importers",
      dependencies: ["Engine", "Wire", "SIPGlue", "CPCAP"],
      swiftSettings: strict
    ),
    .target(
      name: "Service",
      dependencies: [
        "Engine", "Wire", "Reactor", "LuaBridge", "SIPGlue", "Journal", "Workbench",
      ],
      resources: [
        .embedInCode("DryRunning/Report.html"),
        .embedInCode("DryRunning/Report.css"),
        .embedInCode("DryRunning/Report.js"),
      ],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "CLI",
      dependencies: [
        "Engine", "Importers", "Journal", "Reactor", "Service", "Simulator", "Wire", "Workbench",
      ],
      swiftSettings: strict
    ),

    .executableTarget(
      name: "torment",
      dependencies: ["Engine", "Journal", "Simulator", "Wire", "TestSupport"],
      path: "Simulations",
      exclude: [
        "replay-check", "replay-live", "fidelity", "Fidelity", "dryrun-fidelity", "bank-days",
      ],
      swiftSettings: relaxed
    ),
    .target(name: "CMallocCount", path: "Benchmarks/CMallocCount"),
    .executableTarget(
      name: "Benchmarks",
      dependencies: ["Engine", "LuaBridge", "SIPGlue", "CMallocCount"],
      path: "Benchmarks/Cases",
      swiftSettings: relaxed
    ),

    // Tests.
    .target(
      name: "TestSupport",
      dependencies: ["Engine", "Simulator", "Wire"],
      path: "Tests/TestSupport",
      swiftSettings: relaxed
    ),
    .testTarget(
      name: "EngineTests",
      dependencies: ["Engine", "Simulator", "Wire", "TestSupport"],
      swiftSettings: relaxed
    ),
    .testTarget(
      name: "LuaBridgeTests",
      dependencies: ["Engine", "LuaBridge", "TestSupport", "Wire"],
      swiftSettings: relaxed
    ),
    .testTarget(
      name: "SIPGlueTests",
      dependencies: ["Engine", "SIPGlue", "TestSupport", "Reactor"],
      swiftSettings: relaxed
    ),
    .testTarget(
      name: "JournalTests",
      dependencies: ["Engine", "Journal", "Simulator", "Wire", "TestSupport", "CSQLite"],
      swiftSettings: relaxed
    ),
    .testTarget(
      name: "ImportersTests",
      dependencies: ["Engine", "Importers", "SIPGlue", "Wire"],
      swiftSettings: relaxed
    ),
    .testTarget(name: "WireTests", dependencies: ["Engine", "Wire"], swiftSettings: relaxed),
    .testTarget(name: "ReactorTests", dependencies: ["Reactor"], swiftSettings: relaxed),
    .testTarget(
      name: "WorkbenchTests",
      dependencies: [
        "Engine", "LuaBridge", "Simulator", "Wire", "Workbench", "Service", "TestSupport",
      ],
      swiftSettings: relaxed
    ),
    .testTarget(
      name: "ServiceTests",
      dependencies: [
        "Engine", "Service", "LuaBridge", "SIPGlue", "Wire", "Journal", "Workbench", "CLI",
        "TestSupport",
      ],
      swiftSettings: relaxed
    ),
    .testTarget(name: "TidyTests", swiftSettings: relaxed),
  ],
  swiftLanguageModes: [.v6]
)
