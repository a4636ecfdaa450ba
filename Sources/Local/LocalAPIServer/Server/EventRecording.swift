// Events that the cluster's own controllers write.

internal import APIMachinery
internal import CEL
package import JSON

extension APIServer {
    /// Writes an event about an object; one that repeats raises its count.
    package func record(
        _ reason: String, _ message: String, about object: JSON, type: String, action: String, source: String
    ) async {
        let namespace = object.metadata?.namespace?.string ?? ""
        let home = namespace.isEmpty ? "default" : namespace
        let events = GroupResource("", "events")
        let uid = object.metadata?.uid?.string ?? ""
        let now = APITime.now
        let known = store.list(events, namespace: home).first {
            $0.1.json.involvedObject?.uid?.string == uid && $0.1.json.reason?.string == reason
                && $0.1.json.message?.string == message
        }
        if let (name, event) = known {
            _ = await perform(
                "PATCH", "/api/v1/namespaces/\(home)/events/\(name.name)",
                [
                    "count": JSON((event.json.count?.int ?? 1) &+ 1), "lastTimestamp": .string(now.text),
                ], type: Self.mergeType, user: source)
            return
        }
        let name = "\(object.metadata?.name?.string ?? "").\(String(UInt64(now.microseconds), radix: 16))"
        var involved: JSON = [
            "kind": object.kind ?? "", "apiVersion": object.apiVersion ?? "",
            "name": object.metadata?.name ?? "",
            "uid": .string(uid), "resourceVersion": object.metadata?.resourceVersion ?? "",
        ]
        if !namespace.isEmpty { involved.namespace = .string(namespace) }
        _ = await perform(
            "POST", "/api/v1/namespaces/\(home)/events",
            [
                "kind": "Event", "apiVersion": "v1",
                "metadata": ["name": .string(name), "namespace": .string(home)], "involvedObject": involved,
                "reason": .string(reason), "message": .string(message), "type": .string(type), "count": 1,
                "firstTimestamp": .string(now.text), "lastTimestamp": .string(now.text),
                "source": ["component": .string(source)], "action": .string(action),
                "reportingComponent": .string(source), "reportingInstance": "",
            ], user: source)
    }
}
