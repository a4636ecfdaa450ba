// Figures of the device plugin, each with one command: how soon it is registered, what it costs, and how often its rule
// of placement gives cores that the runtime can use.

import Arguments
import Glibc
import Observability
import PlacementStudy
import SystemIO

enum BenchOptions {
    static let program = Option(
        "program", default: ".build/release/ganglion-device-plugin", placeholder: "FILE",
        help: "The plugin's executable")
    static let instanceType = Option(
        "instance-type", default: "trn2.48xlarge", placeholder: "TYPE", help: "The fake node")
    static let logicalCoreSize = Option(
        "logical-core-size", default: 1, placeholder: "N",
        help: "Physical cores in a logical one: 128 cores with 1")
    static let starts = Option("starts", default: 20, help: "Starts of the plugin")
    static let kubeletRestarts = Option("kubelet-restarts", default: 100, help: "Restarts of the kubelet")
    static let pluginRestarts = Option("plugin-restarts", default: 20, help: "Restarts of the plugin")
    static let allocations = Option("allocations", default: 1_000_000, help: "Allocate calls")
    static let flips = Option("flips", default: 200, help: "Times that a chip turns sick and well again")

    static let traces = Option("traces", default: 200, help: "Traces for each point")
    static let searched = Option(
        "searched", default: 10, help: "Of those, how many the searches for the best are tried on")
    static let length = Option("length", default: 50, help: "Requests in a trace")
    static let budget = Option(
        "budget", default: 10_000, help: "Steps of the exhaustive search for each trace")
    static let futures = Option(
        "futures", default: 24, help: "Random futures that each group is tried against")
    static let seed = Option("seed", default: 1, help: "The seed of the first trace")
    static let output = Option<String?>("output", placeholder: "FILE", help: "Draw the figures, SVG")
}

func summary(_ times: [Duration]) -> String {
    let sorted = times.sorted()
    guard let least = sorted.first, let most = sorted.last else { return "none" }
    return "median \(sorted[sorted.count / 2].logText), least \(least.logText), most \(most.logText)"
}

func measurePlugin(_ values: ArgumentValues) async throws {
    let preference = try PluginMeasurement.preference()
    print("GetPreferredAllocation of 128 cores, computed: mean \(preference.mean.logText)")
    let size = values[BenchOptions.logicalCoreSize]
    let bench = try PluginMeasurement(
        program: values[BenchOptions.program], instanceType: values[BenchOptions.instanceType],
        logicalCoreSize: size == 0 ? nil : size)
    defer { bench.remove() }
    let kubelet = bench.kubelet
    try await kubelet.start()
    print(
        "start to registered, \(bench.devices) devices: \(summary(try await bench.starts(values[BenchOptions.starts])))"
    )
    var process = try bench.spawn()
    _ = await kubelet.reaches(bench.devices)
    // Steady: what the start alone needed is given back after ten seconds.
    try await Task.sleep(for: .seconds(15))
    func memory(_ when: String) throws {
        let memory = try PluginMeasurement.memory(process)
        print(
            "memory \(when): \(memory.resident) KiB resident, \(memory.anonymous) KiB of it anonymous, "
                + "\(memory.descriptors) descriptors")
    }
    try memory("after the start")
    let restarts = try await bench.kubeletRestarts(values[BenchOptions.kubeletRestarts])
    print("kubelet.sock made anew to full allocatable, \(restarts.count) restarts: \(summary(restarts))")
    try memory("after \(restarts.count) restarts of the kubelet")
    let calls = try await bench.calls(values[BenchOptions.allocations])
    print(
        "\(values[BenchOptions.allocations]) Allocate over the socket: \(calls.allocate.logText) each; "
            + "GetPreferredAllocation of \(bench.devices) devices: \(calls.preferred.logText) each")
    try memory("after the Allocate calls")
    try await bench.flips(values[BenchOptions.flips])
    try memory("after \(2 * values[BenchOptions.flips]) changed lists")
    try await Task.sleep(for: .seconds(45))
    try memory("at rest again")
    let again = try await bench.pluginRestarts(values[BenchOptions.pluginRestarts], &process)
    print("plugin killed or ended to full allocatable, \(again.count) times: \(summary(again))")
    let (overlaps, races) = (await kubelet.overlaps, await kubelet.races)
    print(
        "registrations \(await kubelet.registrations), of them over an open stream \(overlaps), "
            + "taken by the end of an earlier stream \(races)")
    process.send(.terminate)
    _ = await process.wait()
}

func studyPlacement(_ values: ArgumentValues) throws {
    let loads = [0.5, 0.75, 1, 1.5, 2]
    var panels: [(name: String, points: [StudyPoint])] = []
    for study in StudyCase.all {
        print("\(study.name), sizes \(study.sizes)")
        let names = PlacementRule.allCases.map(\.rawValue).joined(separator: " | ")
        print("| load | bound | every group tried | \(names) |")
        var points: [StudyPoint] = []
        for load in loads {
            let point = study.point(
                load: load, traces: values[BenchOptions.traces], searched: values[BenchOptions.searched],
                length: values[BenchOptions.length], seed: UInt64(clamping: values[BenchOptions.seed]),
                budget: values[BenchOptions.budget], futures: values[BenchOptions.futures])
            points.append(point)
            let shares =
                [point.bound, point.lookAhead] + PlacementRule.allCases.map { point.shares[$0] ?? 0 }
            let texts = shares.map { ((($0 * 10_000).rounded()) / 100).logText }
            defer { fflush(nil) }
            print("| \(Int(load * 100))% | \(texts.joined(separator: " | ")) |")
        }
        panels.append((study.name, points))
    }
    if let path = values[BenchOptions.output] {
        try Files.writeAtomically(path, Array(StudyPlot.svg(panels).utf8), mode: 0o644)
    }
}

@main
struct Main {
    static func main() async {
        let plugin = Command(
            "plugin", summary: "Start, restarts, memory and calls of the device plugin",
            arguments: [
                BenchOptions.program, BenchOptions.instanceType, BenchOptions.logicalCoreSize,
                BenchOptions.starts, BenchOptions.kubeletRestarts, BenchOptions.pluginRestarts,
                BenchOptions.allocations, BenchOptions.flips,
            ]
        ) { try await measurePlugin($0) }
        let placement = Command(
            "placement",
            summary: "Rules of placement on the same random traces, beside the best of all placements",
            arguments: [
                BenchOptions.traces, BenchOptions.searched, BenchOptions.length, BenchOptions.budget,
                BenchOptions.futures, BenchOptions.seed, BenchOptions.output,
            ]
        ) { try studyPlacement($0) }
        await Command(
            "plugin-bench", summary: "Measures the device plugin", subcommands: [plugin, placement]
        ).main()
    }
}
