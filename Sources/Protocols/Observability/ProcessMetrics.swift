// What Prometheus client libraries tell of the process itself, under the same names, read from /proc when asked.

internal import Glibc
internal import SystemIO

extension MetricsRegistry {
    /// Adds `process_resident_memory_bytes`, `process_cpu_seconds_total`, `process_open_fds` and
    /// `process_start_time_seconds`.
    public func addProcessMetrics() {
        let start = Double(WallClock.now) / 1e9
        gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.") {
            start
        }
        gauge("process_resident_memory_bytes", "Resident memory size in bytes.") {
            guard let text = try? Files.readText("/proc/self/statm"),
                let pages = text.split(separator: " ").dropFirst().first
            else { return nil }
            return Double(pages).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
        }
        counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.") {
            var usage = rusage()
            guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
            func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
            return seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
        gauge("process_open_fds", "Number of open file descriptors.") {
            // The directory's own descriptor is among them while it is read.
            (try? Files.list("/proc/self/fd")).map { Double($0.count - 1) }
        }
    }
}
