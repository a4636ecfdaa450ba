// What a fresh cluster holds: its namespaces, their default service accounts and the `kubernetes` service.

internal import APIMachinery
internal import CEL
internal import JSON

extension APIServer {
    struct FirstObject {
        var resource: GroupResource
        var name: ObjectName
        var object: JSON
    }

    static let namespaces = ["default", "kube-node-lease", "kube-public", "kube-system"]

    static func firstObjects(_ options: APIServerOptions) -> [FirstObject] {
        let now = JSON.string(APITime.now.text)
        func object(_ kind: String, _ namespace: String, _ name: String, _ members: JSON) -> JSON {
            var object = members
            object.kind = .string(kind)
            object.apiVersion = "v1"
            var metadata: JSON = [
                "name": .string(name), "uid": .string(ObjectNames.uid()), "creationTimestamp": now,
            ]
            if !namespace.isEmpty { metadata.namespace = .string(namespace) }
            if kind == "Namespace" { metadata.labels = ["kubernetes.io/metadata.name": .string(name)] }
            object.metadata = metadata
            return object
        }
        var result: [FirstObject] = []
        for name in namespaces {
            result.append(
                FirstObject(
                    resource: GroupResource("", "namespaces"), name: ObjectName("", name),
                    object: object(
                        "Namespace", "", name,
                        ["spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"]])))
            result += namespaceObjects(name, options).map { resource, json in
                FirstObject(
                    resource: resource, name: ObjectName(name, json.metadata?.name?.string ?? ""),
                    object: json)
            }
        }
        return result
    }

    /// What every namespace gets: its default service account and the cluster's CA.
    static func namespaceObjects(_ namespace: String, _ options: APIServerOptions) -> [(GroupResource, JSON)]
    {
        func metadata(_ name: String) -> JSON {
            [
                "name": .string(name), "namespace": .string(namespace), "uid": .string(ObjectNames.uid()),
                "creationTimestamp": .string(APITime.now.text),
            ]
        }
        var result: [(GroupResource, JSON)] = [
            (
                GroupResource("", "serviceaccounts"),
                ["kind": "ServiceAccount", "apiVersion": "v1", "metadata": metadata("default")]
            )
        ]
        if !options.rootCertificate.isEmpty {
            result.append(
                (
                    GroupResource("", "configmaps"),
                    [
                        "kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata("kube-root-ca.crt"),
                        "data": ["ca.crt": .string(options.rootCertificate)],
                    ]
                ))
        }
        return result
    }
}
