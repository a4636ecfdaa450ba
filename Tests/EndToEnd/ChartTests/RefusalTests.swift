// Values that the chart refuses. Each is told in a sentence of one line that says what to do, before anything is made.

import JSON
import SystemIO
import TestSupport
import Testing

/// Values that are wrong, and what must be said of them.
struct Refusal: Sendable, CustomTestStringConvertible {
    let values: String
    let reason: String
    var testDescription: String { values }

    init(_ values: String, _ reason: String) {
        self.values = values
        self.reason = reason
    }

    static let all = [
        Refusal(
            "devicePlugin: {fakeRoot: /srv/fake}",
            "devicePlugin.fakeRoot is gone: set fake.enabled and fake.instanceType, and each node gets its files in "
                + "fake.root by itself"),
        Refusal(
            "fake: {enabled: true, instanceType: p5.48xlarge}",
            "at '/fake/instanceType': value must be one of 'inf1.xlarge'"),
        Refusal(
            "fake: {enabled: true, root: relative}", "at '/fake/root': 'relative' does not match pattern"),
        Refusal("fake: {enabled: true, root: /}", "at '/fake/root': '/' does not match pattern"),
        Refusal("fake: {enabled: sometimes}", "at '/fake/enabled': got string, want boolean"),
        Refusal(
            "fake: {instancetype: inf2.xlarge}",
            "at '/fake': additional properties 'instancetype' not allowed"),
        Refusal("fakes: {}", "additional properties 'fakes' not allowed"),
        Refusal(
            "devicePlugin: {kubeletRoot: /a, settings: {kubelet-root: /b}}",
            "devicePlugin.settings.kubelet-root does nothing there: set devicePlugin.kubeletRoot"),
        Refusal(
            "devicePlugin: {settings: {device-plugins-directory: /b}}",
            "devicePlugin.settings.device-plugins-directory does nothing there: set devicePlugin.devicePluginsDirectory"
        ),
        Refusal(
            "devicePlugin: {settings: {fake-root: /b}}",
            "devicePlugin.settings.fake-root does nothing there: set fake.enabled"),
        Refusal(
            "devicePlugin: {settings: {cdi: true}}",
            "devicePlugin.settings.cdi does nothing there: set devicePlugin.cdi.enabled"),
        Refusal(
            "devicePlugin: {settings: {granularity: chip}}",
            "devicePlugin.settings.granularity does nothing there: set devicePlugin.granularity"),
        Refusal(
            "devicePlugin: {settings: {log-level: debug}}",
            "devicePlugin.settings.log-level does nothing there: set devicePlugin.logLevel"),
        Refusal(
            "devicePlugin: {settings: {agent-socket: /run/a.sock}}",
            "devicePlugin.settings.agent-socket is the pod's own: take it out"),
        Refusal(
            "devicePlugin: {settings: {dry-run: true}}",
            "devicePlugin.settings.dry-run is the pod's own: take it out"),
        Refusal(
            "devicePlugin: {granularity: both, resourceName: a.b/c, chipResourceName: a.b/c}",
            "devicePlugin.resourceName and chipResourceName are both a.b/c: with granularity both each needs a name of "
                + "its own"),
        Refusal(
            "devicePlugin: {settings: {metrics-address: ':1'}}",
            "devicePlugin.settings.metrics-address does nothing there: set devicePlugin.metricsPort"),
        Refusal(
            "devicePlugin: {settings: {Strict: true}}",
            "invalid propertyName 'Strict'"),
        Refusal("devicePlugin: {granularity: half}", "value must be one of 'core', 'chip', 'both'"),
        Refusal(
            "devicePlugin: {kubeletRoot: var/lib/kubelet}",
            "at '/devicePlugin/kubeletRoot': 'var/lib/kubelet' does not match"),
        Refusal("devicePlugin: {kubeletRoot: /var/lib/kubelet/}", "at '/devicePlugin/kubeletRoot'"),
        Refusal(
            "devicePlugin: {kubeletRoot: [/a, /b]}", "at '/devicePlugin/kubeletRoot': got array, want string"),
        Refusal(
            "devicePlugin: {metricsPort: 65536}",
            "at '/devicePlugin/metricsPort': maximum: got 65,536, want 65,535"),
        Refusal("devicePlugin: {resourceName: neuroncore}", "at '/devicePlugin/resourceName'"),
        Refusal(
            "devicePlugin: {nodeAffinity: {instanceTypes: []}}",
            "at '/devicePlugin/nodeAffinity/instanceTypes': minItems"),
        Refusal("devicePlugin: {affinity: none}", "at '/devicePlugin/affinity'"),
        Refusal(
            "devicePlugin: {affinity: {nodeAfinity: {}}}", "additional properties 'nodeAfinity' not allowed"),
        Refusal(
            "devicePlugin: {tolerations: {operator: Exists}}",
            "at '/devicePlugin/tolerations': got object, want array"),
        Refusal("devicePlugin: {seLinuxOptions: {typ: spc_t}}", "additional properties 'typ' not allowed"),
        Refusal("operator: {replicas: 0}", "at '/operator/replicas': minimum: got 0, want 1"),
        Refusal(
            "operator: {podDisruptionBudget: {maxUnavailable: 0}}",
            "at '/operator/podDisruptionBudget/maxUnavailable'"),
        Refusal(
            "operator: {podDisruptionBudget: {maxUnavailable: '0%'}}",
            "at '/operator/podDisruptionBudget/maxUnavailable'"),
        Refusal(
            "operator: {podDisruptionBudget: {maxUnavailable: '101%'}}",
            "at '/operator/podDisruptionBudget/maxUnavailable'"),
        Refusal("operator: null", "missing property 'operator'"),
        // What --reuse-values leaves of an earlier chart's values.
        Refusal(
            "{fake: null, crds: null, networkPolicy: null, podMonitor: null, grafanaDashboard: null}",
            "the values lack what this chart has: upgrade with --reset-then-reuse-values in place of --reuse-values"
        ),
        Refusal(
            "devicePlugin: {nodeAffinity: null}",
            "the values lack what this chart has: upgrade with --reset-then-reuse-values in place of --reuse-values"
        ),
        Refusal("image: {repository: ''}", "at '/image/repository': minLength: got 0, want 1"),
        Refusal("image: {repository: 'r.example/g@sha256:0123'}", "at '/image/repository'"),
        Refusal("image: {tag: a b}", "at '/image/tag': 'a b' does not match pattern"),
        Refusal("imagePullSecrets: [pull]", "at '/imagePullSecrets/0': got string, want object"),
        Refusal("podMonitor: {enabled: true, interval: soon}", "at '/podMonitor/interval'"),
        Refusal(
            "{podMonitor: {enabled: true}, devicePlugin: {metricsPort: 0}}",
            "podMonitor.enabled with devicePlugin.metricsPort 0 would leave the nodes out: set a port"),
        Refusal(
            "nodeAgent: {metricsPort: 9410}",
            "devicePlugin.metricsPort and nodeAgent.metricsPort are both 9410: they are one pod's, each needs a port "
                + "of its own"),
        Refusal("nodeAgent: {metricsPort: x}", "at '/nodeAgent/metricsPort': got string, want integer"),
    ]
}

@Suite("What the chart refuses")
struct RefusalTests {
    @Test("is told in one sentence", arguments: Refusal.all)
    func refused(_ refusal: Refusal) async throws {
        let answer = try await Helm.answer(refusal.values)
        let error = try #require(answer["error"]?.string)
        #expect(error.split(separator: "\n").contains { $0.contains(refusal.reason) }, "\(error)")
    }

    @Test("is a Kubernetes older than kubeVersion, before anything is written")
    func oldKubernetes() async throws {
        let old = try await Helm.answer("old")
        #expect(
            old["error"]?.string?.contains(
                "chart requires kubeVersion: >=1.30.0-0 which is incompatible with Kubernetes v1.29.15")
                == true,
            "\(old)")
        let requests = old["requests"]?.strings ?? []
        #expect(!requests.isEmpty && requests.allSatisfy { $0.hasPrefix("GET ") }, "\(requests)")
    }
}
