// packing-bench: what the packer does with the classic sets, alone or as one of several; see Tests/Benchmarks/packing.py.
//
//     packing-bench sets [--instances N] [--limit SECONDS] [--only SET]
//                                                               each classic set: how many are proved, and how long it took
//     packing-bench dump [--items N]                            instances for others, a JSON line each
//     packing-bench large                                       3,040 and 100,000 models
//     packing-bench repack [--seeds N] [--limit SECONDS] [--every N] [--kind KIND]
//                                                               1,000 changes to a fleet of 3,000

@preconcurrency import Glibc
import Packing
import PackingStudy

@main
struct Main {
    static func main() async {
        setvbuf(stdout, nil, _IOLBF, 0)
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "sets":
            await sets(
                count: number("--instances", words) ?? 5, limit: number("--limit", words) ?? 10,
                only: words.firstIndex(of: "--only").flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil })
        case "dump":
            await dump(
                count: number("--instances", words) ?? 1, limit: number("--limit", words) ?? 6,
                sizes: number("--items", words).map { [$0] } ?? [25, 50, 100, 200])
        case "large": await large()
        case "repack":
            await RepackStudy.run(
                seeds: number("--seeds", words) ?? 2, limit: number("--limit", words) ?? 10,
                every: number("--every", words).map { [$0] } ?? [1_000, 100, 20],
                kinds: RepackStudy.Kind.allCases.filter {
                    !words.contains("--kind") || words.contains($0.rawValue)
                })
        default:
            print("usage: packing-bench sets|dump|large|repack")
            exit(64)
        }
    }

    static func number(_ name: String, _ words: [String]) -> Int? {
        guard let index = words.firstIndex(of: name), index + 1 < words.count else { return nil }
        return Int(words[index + 1])
    }

    /// Seconds of CPU of this process.
    static func cpu() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

    /// Solves; the solution, seconds and seconds of CPU.
    static func solve(_ problem: VectorProblem, limit: Duration) async -> (VectorSolution, Double, Double) {
        let (began, used) = (ContinuousClock.now, cpu())
        let solution = await VectorSolver(problem, rounds: 400).solve(
            control: PackingControl(timeLimit: limit))
        let took = (ContinuousClock.now - began).components
        guard solution.packing.isValid(for: problem) else {
            print("a packing that is none")
            exit(1)
        }
        return (solution, Double(took.seconds) + Double(took.attoseconds) / 1e18, cpu() - used)
    }

    static func sets(count: Int, limit: Int, only: String?) async {
        print("set, items, instances, proved, one off, more off, mean s, worst s, worst CPU s")
        func row(_ name: String, _ items: Int, _ make: (Int) -> VectorProblem?) async {
            guard only == nil || only == name else { return }
            let problems = (0..<count).compactMap(make)
            var off = [0, 0, 0]
            var (sum, worst, worstCPU) = (0.0, 0.0, 0.0)
            for problem in problems {
                let (solution, seconds, used) = await solve(problem, limit: .seconds(limit))
                off[min(2, solution.packing.count - solution.bound)] += 1
                sum += seconds
                worst = max(worst, seconds)
                worstCPU = max(worstCPU, used)
            }
            let mean = sum / Double(max(problems.count, 1))
            print(
                "\(name), \(items), \(problems.count), \(off[0]), \(off[1]), \(off[2]), \(short(mean)), \(short(worst)), \(short(worstCPU))"
            )
        }
        for set in ClassicSet.allCases {
            for items in set.sizes {
                await row(set.rawValue, items) { set.instance(items, number: $0) }
            }
        }
        for kind in 1...10 {
            for items in [25, 50, 100, 200] {
                await row("vector-\(kind)", items) { VectorClasses.instance(kind, items, number: $0) }
            }
        }
        await row("planted-23", 78) { VectorClasses.planted(bins: 23, models: 78, number: $0) }
    }

    static func short(_ value: Double) -> String { "\((value * 1_000).rounded() / 1_000)" }

    /// Instances of all kinds with what this packer makes of them.
    static func dump(count: Int, limit: Int, sizes: [Int]) async {
        var problems: [(String, VectorProblem)] = []
        for number in 0..<count {
            for kind in 1...10 {
                for items in sizes {
                    if let problem = VectorClasses.instance(kind, items, number: number) {
                        problems.append(("vector-\(kind)/\(items)/\(number)", problem))
                    }
                }
            }
            for set in ClassicSet.allCases {
                if let items = set.sizes.first, let problem = set.instance(items, number: number) {
                    problems.append(("\(set.rawValue)/\(items)/\(number)", problem))
                }
            }
        }
        for (name, problem) in problems {
            let (solution, seconds, _) = await solve(problem, limit: .seconds(limit))
            print(
                "{\"name\": \"\(name)\", \"capacity\": \(problem.capacity), \"sizes\": \(problem.sizes), "
                    + "\"bins\": \(solution.packing.count), \"bound\": \(solution.bound), \"seconds\": \(short(seconds)), "
                    + "\"ffd\": \(solution.firstFitDecreasing ?? solution.bestFitDecreasing), \"bfd\": \(solution.bestFitDecreasing)}"
            )
        }
    }

    static func large() async {
        for (count, limit) in [(3_040, 900), (3_040, 100), (100_000, 55_000)] {
            guard let problem = VectorClasses.mixed(count, number: 1) else { continue }
            let (solution, seconds, used) = await solve(problem, limit: .milliseconds(limit))
            var usage = rusage()
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            print(
                "\(count) models, limit \(limit) ms: \(solution.packing.count) chips, at least \(solution.bound), "
                    + "\(short(seconds)) s, \(short(used)) s of CPU, best-fit decreasing \(solution.bestFitDecreasing), "
                    + "\(usage.ru_maxrss / 1024) MiB at most")
        }
    }
}
