import Observability
import Testing

@Suite("Metrics")
struct MetricsTests {
    let metrics = MetricsRegistry()

    @Test("are written as Prometheus reads them")
    func exposition() {
        let calls = metrics.counter("calls_total", "Calls.", labels: ["method", "code"])
        calls.increment(["Allocate", "ok"])
        calls.increment(["Allocate", "ok"], by: 2)
        calls.increment(["Allocate", "ok"], by: -5)
        calls.increment(["A \"b\" \\ \n", "error"])
        metrics.gauge("cores", "Cores\nfree.").set(23.5)
        metrics.counter("nothing_total", "Never happened.").increment(by: 0)
        let seconds = metrics.histogram("took_seconds", "Time.", buckets: [0.01, 0.1, 1], labels: ["method"])
        for value in [0.005, 0.01, 0.05, 5] { seconds.observe(value, ["List"]) }
        seconds.observe(Duration.milliseconds(500), ["Get"])
        #expect(
            metrics.exposition() == #"""
                # HELP calls_total Calls.
                # TYPE calls_total counter
                calls_total{method="A \"b\" \\ \n",code="error"} 1
                calls_total{method="Allocate",code="ok"} 3
                # HELP cores Cores\nfree.
                # TYPE cores gauge
                cores 23.5
                # HELP nothing_total Never happened.
                # TYPE nothing_total counter
                nothing_total 0
                # HELP took_seconds Time.
                # TYPE took_seconds histogram
                took_seconds_bucket{method="Get",le="0.01"} 0
                took_seconds_bucket{method="Get",le="0.1"} 0
                took_seconds_bucket{method="Get",le="1"} 1
                took_seconds_bucket{method="Get",le="+Inf"} 1
                took_seconds_sum{method="Get"} 0.5
                took_seconds_count{method="Get"} 1
                took_seconds_bucket{method="List",le="0.01"} 2
                took_seconds_bucket{method="List",le="0.1"} 3
                took_seconds_bucket{method="List",le="1"} 3
                took_seconds_bucket{method="List",le="+Inf"} 4
                took_seconds_sum{method="List"} 5.065
                took_seconds_count{method="List"} 4

                """#)
    }

    @Test("of the same name are the same metric")
    func shared() {
        metrics.counter("calls_total", "Calls.").increment()
        metrics.counter("calls_total", "Calls.").increment()
        #expect(metrics.counter("calls_total", "Calls.").value() == 2)
    }

    @Test("that are asked for when read, and left out when there is no answer")
    func computed() {
        metrics.gauge("up", "Up.") { 1 }
        metrics.gauge("gone", "Gone.") { nil }
        metrics.gauge("odd", "Odd.") { .infinity }
        #expect(
            metrics.exposition()
                == "# HELP up Up.\n# TYPE up gauge\nup 1\n# HELP odd Odd.\n# TYPE odd gauge\nodd +Inf\n")
    }

    @Test("with label values without end stay bounded")
    func bounded() {
        let calls = metrics.counter("calls_total", "Calls.", labels: ["model"])
        for index in 0..<MetricsRegistry.maximumSeries + 10 { calls.increment(["m\(index)"]) }
        #expect(calls.value(["other"]) == 10)
        calls.increment(["m0"])
        #expect(calls.value(["m0"]) == 2)
        #expect(metrics.exposition().split(separator: "\n").count == MetricsRegistry.maximumSeries + 3)
    }

    @Test("can go down and be forgotten")
    func gauges() {
        let gauge = metrics.gauge("held", "Held.", labels: ["pod"])
        gauge.add(3, ["a"])
        gauge.add(-1, ["a"])
        #expect(gauge.value(["a"]) == 2)
        gauge.remove(["a"])
        #expect(metrics.exposition() == "# HELP held Held.\n# TYPE held gauge\n")
    }

    @Test("of the process are there under the names that dashboards know")
    func process() throws {
        metrics.addProcessMetrics()
        let lines = metrics.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }
        let values = Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let words = line.split(separator: " ")
                return (String(words[0]), Double(words[1]) ?? -1)
            })
        #expect(try #require(values["process_resident_memory_bytes"]) > 1_000_000)
        #expect(try #require(values["process_open_fds"]) >= 3)
        #expect(try #require(values["process_cpu_seconds_total"]) > 0)
        #expect(try #require(values["process_start_time_seconds"]) > 1_700_000_000)
    }
}
