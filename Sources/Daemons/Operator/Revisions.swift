// What a ModelServer's pods were made from before: the status keeps the last few, so that an edit can be taken back, and so
// that a server that is paused goes on with what it had.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI

extension ModelServerSpec {
    /// The fields that pods are made from.
    static let podFields = ["neuron", "runtime", "models", "batching", "queue", "template", "gang"]

    /// What pods are made from.
    var podPart: JSON {
        guard let written = try? JSON(encoding: self) else { return [:] }
        var part: JSON = [:]
        for field in Self.podFields where written[field]?.isNull == false { part[field] = written[field] }
        // Revisions from before there was the field have no gang either.
        if !gang { part["gang"] = nil }
        return part
    }

    /// The same server with pods that are made from something else; nil where that cannot be read.
    func with(podPart part: JSON) -> ModelServerSpec? {
        guard var written = try? JSON(encoding: self) else { return nil }
        for field in Self.podFields { written[field] = part[field] }
        return try? written.decode(ModelServerSpec.self)
    }
}

extension ModelServerState {
    /// The most octets of all revisions together: an object may have a megabyte and a half.
    private static let revisionOctets = 256 << 10

    /// The server as its pods are made: while it is paused, from what it had when that began.
    var effectiveServer: ModelServer {
        guard let spec = server.spec, spec.paused, let newest = server.status?.revisions.last,
            let part = newest.spec, let former = spec.with(podPart: part)
        else { return server }
        var server = server
        server.spec = former
        return server
    }

    /// What pods were made from, the present one last.
    func revisions(_ resolved: ResolvedServer) -> [ModelServerStatus.Revision] {
        let known = server.status?.revisions ?? []
        let part = resolved.spec.podPart
        func isPresent(_ revision: ModelServerStatus.Revision) -> Bool {
            revision.templateHash == resolved.hash || revision.spec == part
        }
        var revisions = known.filter { !isPresent($0) }
        if let newest = known.last, isPresent(newest) {
            revisions.append(newest)
        } else {
            let number = (known.map(\.revision).max() ?? 0) + 1
            revisions.append(.init(revision: number, templateHash: resolved.hash, spec: part))
        }
        let limit = resolved.spec.revisionHistoryLimit
        revisions.removeFirst(max(0, revisions.count - 1 - limit))
        var octets = 0
        let kept = revisions.reversed().prefix { revision in
            octets += revision.spec?.serialized().count ?? 0
            return octets <= Self.revisionOctets || revision.revision == revisions.last?.revision
        }
        return kept.reversed()
    }
}
