// An archive of this machine, unpacked into the cache.

internal import CLinux
internal import Digests
internal import Glibc
internal import SystemIO

extension ModelFetcher {
    func localPlan(_ location: ModelLocation, _ path: String) throws(ModelSourceError) -> FetchPlan {
        guard let form = ArchiveForm(name: path) else {
            throw ModelSourceError(location.shown, .location, "it is no archive")
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ModelSourceError(location.shown, .disk, "there is no such file", mend: "look at the path")
        }
        var identity = [
            "local", path, "\(status.st_dev)", "\(status.st_ino)", "\(status.st_size)",
            "\(status.st_mtim.tv_sec)",
            "\(status.st_mtim.tv_nsec)",
        ]
        if let wanted = location.sha256 {
            let sum = try sha256(path, location.shown)
            guard sum == wanted else {
                throw ModelSourceError(
                    location.shown, .checksum, "its sha256 is \(sum) and should be \(wanted)",
                    mend: "look whether it is what was meant")
            }
            identity = ["sha256", wanted]
        }
        var plan = FetchPlan(key: FetchPlan.key(identity + ["bundle"]), files: [])
        plan.archives = [
            FetchPlan.Archive(file: path, content: form == .gzip ? .gzip : .tar, isLocal: true)
        ]
        return plan
    }

    private func sha256(_ path: String, _ shown: String) throws(ModelSourceError) -> String {
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, flags: O_RDONLY)
            let digest = MessageDigest(.sha256)
            var chunk = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = chunk.withUnsafeMutableBytes { read(file.number, $0.baseAddress, $0.count) }
                guard count >= 0 else {
                    if errno == EINTR { continue }
                    throw SystemError("read", path)
                }
                if count == 0 { return digest.finish().hexadecimal }
                digest.update(count == chunk.count ? chunk : Array(chunk[..<count]))
            }
        } catch {
            throw ModelSourceError(shown, error)
        }
    }
}
