// The settings file is read at the start and again whenever it has changed. A file that cannot be taken while the plugin
// runs changes nothing: what hands out cores does not end for a typing error.

internal import Arguments
internal import Observability
internal import SystemIO

/// Where settings come from: the command line, the environment, and the file that they name.
struct PluginSettingsSource: Sendable {
    let command: Command
    /// The command line without the program's name.
    let words: [String]
    let environment: @Sendable (String) -> String?
    /// The settings file; nil for none.
    let path: String?

    /// All settings as they are now.
    ///
    /// - Throws: `ArgumentError` for a line or key that is wrong, `SystemError` for a file that cannot be read.
    func read() throws -> ArgumentValues {
        var settings: Command.Settings?
        if let path {
            let text = try Files.readText(path, limit: Command.Settings.maximumSize)
            let file = try Command.Settings(origin: path, parsing: text)
            for key in [PluginOptions.config.specification.name, PluginOptions.dryRun.specification.name]
            where file.values[key] != nil {
                throw ArgumentError.invalid(
                    origin: "\(key) in \(path)", text: file.values[key] ?? "",
                    reason: "can be given on the command line only")
            }
            settings = file
        }
        guard
            case .run(_, let values) = try command.parse(words, environment: environment, settings: settings)
        else { throw ArgumentError.unexpected("--help") }
        return values
    }
}

/// Looks at a file's content now and then, and when its directory changes.
actor FileContentWatcher: LoopActor {
    nonisolated let loop: EventLoop

    private let path: String
    private let interval: Duration
    private let onChange: @Sendable () async -> Void
    private var known: [UInt8]?
    private var timer: ScheduledTimer?
    private var watcher: FileWatcher?
    private var isStopped = false

    /// - Parameter onChange: told when the content is another, or the file has gone or come.
    init(
        path: String, interval: Duration = .seconds(5), loop: EventLoop = .shared,
        onChange: @escaping @Sendable () async -> Void
    ) {
        self.path = path
        self.interval = interval
        self.loop = loop
        self.onChange = onChange
        known = Self.content(path)
    }

    func start() {
        guard !isStopped else { return }
        timer = loop.schedule(after: interval, on: self) { watcher in
            Task { await watcher.look() }
            watcher.start()
        }
        guard watcher == nil else { return }
        // A ConfigMap is a link in a directory whose ..data link is replaced: the directory tells of both. Where it
        // cannot be watched the interval must do.
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard let watcher = try? FileWatcher(directory: directory, loop: loop) else { return }
        self.watcher = watcher
        Task { [weak self] in
            for await event in watcher.events {
                await self?.look()
                if event == .directoryRemoved { break }
            }
            await self?.forget(watcher)
        }
    }

    func stop() {
        isStopped = true
        timer?.cancel()
        watcher?.close()
    }

    private func forget(_ watcher: FileWatcher) {
        watcher.close()
        if self.watcher === watcher { self.watcher = nil }
    }

    private func look() async {
        let content = Self.content(path)
        guard !isStopped, content != known else { return }
        known = content
        await onChange()
    }

    private static func content(_ path: String) -> [UInt8]? {
        try? Files.read(path, limit: Command.Settings.maximumSize)
    }
}
