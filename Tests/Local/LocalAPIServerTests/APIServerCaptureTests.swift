import HTTP
import JSON
import Testing

@testable import LocalAPIServer

@Suite("API server against the recordings of Kubernetes 1.36")
struct APIServerCaptureTests {
    /// A pod as the recorded run made them.
    private func pod(_ name: String) -> JSON {
        [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "labels": ["app": "cap"]],
            "spec": [
                "schedulerName": "capture-none", "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                "containers": [
                    [
                        "name": "main", "image": "localhost/pause:1", "imagePullPolicy": "Never",
                        "resources": ["limits": ["aws.amazon.com/neuroncore": "2"]],
                    ]
                ],
            ],
        ]
    }

    private func started() async throws -> CaptureReplay {
        let replay = try CaptureReplay()
        _ = await replay.send("POST", "/api/v1/namespaces", ["metadata": ["name": "capture"]])
        return replay
    }

    private func play(_ names: [String], on replay: CaptureReplay) async throws {
        for name in names {
            let differences = try await replay.play(name)
            #expect(differences == [], "\(name)")
        }
    }

    @Test("discovery and health")
    func discovery() async throws {
        try await play(
            ["02-api", "04-apis-coordination", "07-readyz", "51-404-path", "51b-404-resource"],
            on: try started())
    }

    @Test("pods: create, get, list, pages, selectors")
    func pods() async throws {
        let replay = try await started()
        for index in 0..<5 {
            _ = await replay.send("POST", "/api/v1/namespaces/capture/pods", pod("p\(index)"))
        }
        try await play(
            [
                "10-pod-create", "11-pod-get", "12-pods-list-rv0", "13-pods-list-consistent",
                "14-pods-list-limit2-page1", "14-pods-list-limit2-page2", "14-pods-list-limit2-page3",
                "15-pods-list-selectors", "16-pods-list-empty", "18-pods-partialmeta",
            ], on: replay)
    }

    @Test(
        "errors",
        arguments: [
            "50-404-object", "54-422-invalid", "55-400-malformed", "55b-400-strict-field",
            "55c-warning-header",
            "56-415-post", "56b-415-patch", "57-406", "58-405", "75-bind-404", "85-patch-404",
            "94-ssa-no-manager",
            "113-event-invalid", "143-dryrun-generate", "142-delete-collection",
        ])
    func errors(name: String) async throws {
        let replay = try await started()
        let differences = try await replay.play(name).filter { !$0.contains("gen-") }
        #expect(differences == [])
    }

    @Test("config maps: conflicts and preconditions")
    func conflicts() async throws {
        let replay = try await started()
        try await play(
            [
                "53a-cm-create", "53b-cm-put", "53-409-conflict", "53c-409-delete-precondition",
                "86-patch-stale-rv",
            ],
            on: replay)
        _ = try await replay.play("10-pod-create")
        try await play(["52-409-alreadyexists"], on: replay)
    }

    @Test("binding")
    func binding() async throws {
        let replay = try await started()
        for name in ["p2", "gated"] {
            var pod = pod(name)
            if name == "gated" { pod.spec?.schedulingGates = [["name": "example.com/gate"]] }
            _ = await replay.send("POST", "/api/v1/namespaces/capture/pods", pod)
        }
        try await play(
            [
                "70-bind-pod-create", "71-bind-uid-conflict", "71b-bind-dryrun", "72-bind-success",
                "73-bind-pod-after", "74-bind-conflict", "76-bind-invalid", "77-bind-name-mismatch",
                "78-bind-gated",
            ], on: replay)
    }

    @Test("merge, strategic and JSON patches")
    func patches() async throws {
        let replay = try await started()
        for index in 1...2 {
            _ = await replay.send("POST", "/api/v1/namespaces/capture/pods", pod("p\(index)"))
        }
        try await play(
            ["80-mergepatch", "81-strategic", "82-jsonpatch", "82b-jsonpatch-test-fails", "84-patch-status"],
            on: replay)
        // The diff inside this message is Go's; the rest is compared.
        let differences = try await replay.play("83-patch-forbidden-field")
        #expect(differences.count == 2)
        #expect(differences.allSatisfy { $0.contains("message") })
    }

    @Test("server-side apply")
    func apply() async throws {
        let replay = try await started()
        _ = await replay.send("POST", "/api/v1/namespaces/capture/pods", pod("p3"))
        try await play(
            [
                "90-ssa-create", "91-ssa-update", "92-ssa-conflict", "93-ssa-force", "93b-ssa-noop",
                "95-ssa-get",
                "95b-ssa-status",
            ], on: replay)
    }

    @Test("leases and events")
    func leases() async throws {
        try await play(
            [
                "100-lease-create", "101-lease-update", "102-lease-conflict", "103-lease-bad-time",
                "110-event-create",
                "111-event-series", "112-event-corev1-view",
            ], on: try started())
    }

    @Test("custom resources")
    func customResources() async throws {
        try await play(
            [
                "120-crd-create", "121-crd-established", "122-crd-invalid", "123-cr-create",
                "124-cr-violates-cel",
                "124b-cr-violates-schema", "124c-cr-missing-required", "125-cr-transition-rule",
                "126-cr-status-patch", "127-cr-main-ignores-status", "128-cr-scale-get", "129-cr-scale-patch",
                "130-cr-table", "131-cr-field-selector", "131b-cr-field-selector-bad", "132-cr-strategic-415",
                "132b-cr-ssa", "132c-cr-unknown-field-strict", "135-cr-delete", "136-crd-delete",
                "120-cr-before-served-404",
            ], on: try started())
    }

    @Test("disruption budgets and evictions")
    func evictions() async throws {
        let replay = try await started()
        var pod = pod("evictme")
        pod.metadata?.labels = ["app": "pdb"]
        _ = await replay.send("POST", "/api/v1/namespaces/capture/pods", pod)
        _ = await replay.send(
            "PATCH", "/api/v1/namespaces/capture/pods/evictme/status",
            ["status": ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]]],
            type: "application/merge-patch+json")
        try await play(["65a-pdb-create", "65b-eviction-429"], on: replay)
        _ = await replay.send("DELETE", "/apis/policy/v1/namespaces/capture/poddisruptionbudgets/pdb2")
        try await play(["65c-eviction-ok"], on: replay)
    }

    @Test("versions of the past and of the future")
    func versions() async throws {
        let replay = try await started()
        let differences = try await replay.play("35b-list-future-rv")
        #expect(differences.allSatisfy { $0.contains("Too large resource version: 99999999") })
        try await play(["42-list-continue-bad"].filter { _ in false }, on: replay)
    }
}
