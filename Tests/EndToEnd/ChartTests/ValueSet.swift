// The sets of values that the chart is rendered with, and what each must bring about. A line says one thing, so that a
// failure names it.

import JSON
import SystemIO
import TestSupport
import Testing

/// Values, and what must be there with them or must not.
struct ValueSet: Sendable, CustomTestStringConvertible {
    /// What must be seen in the rendered objects.
    enum Sight: Sendable {
        /// An object by kind and name.
        case object(String)
        case noObject(String)
        /// A value of an object by its dotted path.
        case value(String, String, JSON)
        case noValue(String, String)
        /// When Helm makes the object.
        case hook(String, String)
        /// An argument of a container.
        case argument(String, String)
        /// No argument of a container begins so.
        case noArgument(String, String)
        /// A directory of the node is mounted in a container at the same path.
        case mount(String, String)
        case noMount(String, String)
        /// NOTES.txt has this text.
        case notes(String)
        case noNotes(String)
    }

    let name: String
    /// YAML.
    let values: String
    let sights: [Sight]

    var testDescription: String { name }

    init(_ name: String, _ values: String, _ sights: Sight...) {
        self.name = name
        self.values = values
        self.sights = sights
    }

    /// All of them.
    static let all = defaults + fake + node + operators + extras
}

private let daemonSet = "DaemonSet ganglion-node"
private let deployment = "Deployment ganglion-operator"
private let pod = "spec.template.spec."
private let types =
    pod + "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
    + ".nodeSelectorTerms.0.matchExpressions.0.values"

extension ValueSet {
    fileprivate static let defaults = [
        ValueSet(
            "nothing set", "{}",
            .object(daemonSet), .object(deployment), .object("ConfigMap ganglion-device-plugin"),
            .value(daemonSet, types + ".0", "inf1.xlarge"),
            .noValue(daemonSet, pod + "initContainers"), .noValue(daemonSet, pod + "securityContext"),
            .argument("device-plugin", "--metrics-address=:9410"),
            .argument("device-plugin", "--device-plugins-directory=/var/lib/kubelet/device-plugins"),
            .noArgument("device-plugin", "--fake-root"), .noArgument("device-plugin", "--cdi-directory"),
            .mount("device-plugin", "/var/lib/kubelet/device-plugins"),
            .mount("device-plugin", "/var/lib/kubelet/pod-resources"),
            .noObject("PodDisruptionBudget ganglion-operator"), .noObject("NetworkPolicy ganglion"),
            .noObject("PodMonitor ganglion"), .noObject("ConfigMap ganglion-dashboard"),
            .hook("Job ganglion-crds", "pre-upgrade"), .hook("Pod ganglion-test", "test"),
            .value("Pod ganglion-test", "spec.containers.0.args", ["report", "--expect-cores=1"]),
            .notes("aws\\.amazon\\.com/neuroncore"), .notes("kubectl delete crd modelservers.ganglion.dev"),
            .notes("image: ganglion:0.1.0"), .notes("ModelServer: it names"), .noNotes("fake")),
        ValueSet(
            "another image", "image: {repository: r.example/g, tag: v9, pullPolicy: Always}",
            .value(daemonSet, pod + "containers.0.image", "r.example/g:v9"),
            .value(daemonSet, pod + "containers.1.imagePullPolicy", "Always"),
            .value("Job ganglion-crds", pod + "containers.0.image", "r.example/g:v9"),
            .value("Pod ganglion-test", "spec.containers.0.image", "r.example/g:v9"),
            .argument("operator", "--model-server-image=r.example/g:v9")),
        ValueSet(
            "a secret for the image", "imagePullSecrets: [{name: pull}]",
            .value(daemonSet, pod + "imagePullSecrets.0.name", "pull"),
            .value(deployment, pod + "imagePullSecrets.0.name", "pull"),
            .value("Job ganglion-crds", pod + "imagePullSecrets.0.name", "pull"),
            .value("Pod ganglion-test", "spec.imagePullSecrets.0.name", "pull")),
        ValueSet(
            "an image by its digest",
            "image: {tag: '0.1.0@sha256:\(String(repeating: "a", count: 64))'}",
            .value(
                daemonSet, pod + "containers.0.image",
                .string("ganglion:0.1.0@sha256:" + String(repeating: "a", count: 64)))),
        ValueSet("values of a parent chart", "global: {region: eu}", .object(daemonSet)),
    ]

    fileprivate static let fake = [
        ValueSet(
            "fake chips", "fake: {enabled: true}",
            .noValue(daemonSet, pod + "affinity"),
            .argument("fake-chips", "fake"), .argument("fake-chips", "install"),
            .argument("fake-chips", "--instance-type=inf2.48xlarge"),
            .argument("fake-chips", "--node-name=$(NODE_NAME)"),
            .argument("fake-chips", "--driver-loaded=skip"),
            .argument("fake-chips", "--root=/var/lib/ganglion/fake"),
            .argument("device-plugin", "--fake-root=/var/lib/ganglion/fake"),
            .mount("fake-chips", "/var/lib/ganglion/fake"), .mount("device-plugin", "/var/lib/ganglion/fake"),
            .notes("the chips of one inf2.48xlarge"), .notes("ganglion.dev/fake-instance-type="),
            .notes("leaves /var/lib/ganglion/fake on each node")),
        ValueSet(
            "fake chips of a type, elsewhere",
            "fake: {enabled: true, instanceType: trn1.32xlarge, root: /srv/fake}",
            .argument("fake-chips", "--instance-type=trn1.32xlarge"),
            .argument("fake-chips", "--root=/srv/fake"),
            .argument("device-plugin", "--fake-root=/srv/fake"), .mount("fake-chips", "/srv/fake"),
            .notes("leaves /srv/fake on each node")),
        ValueSet(
            "fake chips on some nodes",
            "{fake: {enabled: true}, devicePlugin: {nodeSelector: {fake: 'yes'}}}",
            .value(daemonSet, pod + "nodeSelector.fake", "yes"), .noValue(daemonSet, pod + "affinity")),
        ValueSet(
            "fake chips by an affinity of one's own",
            "{fake: {enabled: true}, devicePlugin: {affinity: {nodeAffinity: {}}}}",
            .value(daemonSet, pod + "affinity", ["nodeAffinity": [:]]), .object(daemonSet)),
        ValueSet(
            "fake chips switched off", "fake: {enabled: false, instanceType: trn2.48xlarge}",
            .noValue(daemonSet, pod + "initContainers"), .noArgument("device-plugin", "--fake-root"),
            .noMount("device-plugin", "/var/lib/ganglion/fake"),
            .value(daemonSet, types + ".0", "inf1.xlarge")),
    ]

    fileprivate static let node = [
        ValueSet(
            "no affinity at all", "devicePlugin: {affinity: {}}", .noValue(daemonSet, pod + "affinity")),
        ValueSet(
            "an affinity of one's own, whole",
            "devicePlugin: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
                + "{nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: Exists}]}]}}}}",
            .value(
                daemonSet, pod + "affinity",
                [
                    "nodeAffinity": [
                        "requiredDuringSchedulingIgnoredDuringExecution": [
                            "nodeSelectorTerms": [
                                ["matchExpressions": [["key": "pool", "operator": "Exists"]]]
                            ]
                        ]
                    ]
                ])),
        ValueSet(
            "an affinity taken back", "devicePlugin: {affinity: null}",
            .value(daemonSet, types + ".0", "inf1.xlarge")),
        ValueSet(
            "instance types of one's own",
            "devicePlugin: {nodeAffinity: {instanceTypes: [ml.trn1.32xlarge]}}",
            .value(daemonSet, types, ["ml.trn1.32xlarge"])),
        ValueSet(
            "nodes by a selector",
            "devicePlugin: {nodeAffinity: {enabled: false}, nodeSelector: {neuron: 'true'}}",
            .noValue(daemonSet, pod + "affinity"), .value(daemonSet, pod + "nodeSelector.neuron", "true")),
        ValueSet(
            "tolerations replaced", "devicePlugin: {tolerations: [{operator: Exists}]}",
            .value(daemonSet, pod + "tolerations", [["operator": "Exists"]]),
            .value("Pod ganglion-test", "spec.tolerations", [["operator": "Exists"]])),
        ValueSet(
            "no tolerations", "devicePlugin: {tolerations: []}", .noValue(daemonSet, pod + "tolerations")),
        ValueSet(
            "SELinux", "devicePlugin: {seLinuxOptions: {type: container_device_plugin_t, level: 's0'}}",
            .value(daemonSet, pod + "securityContext.seLinuxOptions.type", "container_device_plugin_t"),
            .value(daemonSet, pod + "securityContext.seLinuxOptions.level", "s0")),
        ValueSet(
            "a kubelet with its own --root-dir", "devicePlugin: {kubeletRoot: /var/lib/k0s/kubelet}",
            .argument("device-plugin", "--kubelet-root=/var/lib/k0s/kubelet"),
            .argument("device-plugin", "--device-plugins-directory=/var/lib/kubelet/device-plugins"),
            .mount("device-plugin", "/var/lib/kubelet/device-plugins"),
            .argument("node-agent", "--pod-resources-socket=/var/lib/k0s/kubelet/pod-resources/kubelet.sock"),
            .mount("node-agent", "/var/lib/k0s/kubelet/pod-resources")),
        ValueSet(
            "a device-plugins directory elsewhere",
            "devicePlugin: {devicePluginsDirectory: /run/kubelet/device-plugins}",
            .argument("device-plugin", "--device-plugins-directory=/run/kubelet/device-plugins"),
            .mount("device-plugin", "/run/kubelet/device-plugins"),
            .mount("node-agent", "/var/lib/kubelet/pod-resources")),
        ValueSet(
            "the kubelet's registry",
            "devicePlugin: {registration: plugins-registry, kubeletRoot: /data/kubelet}",
            .mount("device-plugin", "/data/kubelet/plugins_registry"),
            .noMount("device-plugin", "/var/lib/kubelet/device-plugins"),
            .noArgument("device-plugin", "--device-plugins-directory"),
            .argument("device-plugin", "--kubelet-root=/data/kubelet")),
        ValueSet(
            "no metrics", "devicePlugin: {metricsPort: 0}",
            .noArgument("device-plugin", "--metrics-address"),
            .noValue(daemonSet, pod + "containers.0.livenessProbe"),
            .noValue(daemonSet, pod + "containers.0.readinessProbe"),
            .noValue(daemonSet, pod + "containers.0.ports")),
        ValueSet(
            "metrics on another port", "devicePlugin: {metricsPort: 19410}",
            .argument("device-plugin", "--metrics-address=:19410"),
            .value(daemonSet, pod + "containers.0.ports.0.containerPort", 19410),
            .value(daemonSet, pod + "containers.0.livenessProbe.httpGet.port", "metrics")),
        ValueSet(
            "no metrics of the agent, and none of either",
            "{nodeAgent: {metricsPort: 0}, devicePlugin: {metricsPort: 0}}",
            .noArgument("node-agent", "--metrics-address"),
            .noValue(daemonSet, pod + "containers.1.livenessProbe"),
            .noValue(daemonSet, pod + "containers.1.ports")),
        ValueSet(
            "the agent's metrics on another port", "nodeAgent: {metricsPort: 19411}",
            .argument("node-agent", "--metrics-address=:19411"),
            .value(daemonSet, pod + "containers.1.ports.0.containerPort", 19411),
            .value(daemonSet, pod + "containers.1.livenessProbe.httpGet.port", "agent-metrics")),
        ValueSet(
            "CDI", "devicePlugin: {cdi: {enabled: true, directory: /etc/cdi}}",
            .argument("device-plugin", "--cdi-directory=/etc/cdi"), .mount("device-plugin", "/etc/cdi"),
            .notes("leaves ganglion.dev-neuron.json in /etc/cdi")),
        ValueSet(
            "labels for node-feature-discovery", "devicePlugin: {nodeFeatureDiscovery: true}",
            .argument(
                "device-plugin", "--feature-file=/etc/kubernetes/node-feature-discovery/features.d/ganglion"),
            .mount("device-plugin", "/etc/kubernetes/node-feature-discovery/features.d")),
        ValueSet(
            "chips as the resource", "devicePlugin: {granularity: chip, chipResourceName: example.com/chip}",
            .value("Pod ganglion-test", "spec.containers.0.args", ["report"]),
            .value("Pod ganglion-test", "spec.containers.0.resources.limits", ["example.com/chip": 1]),
            .notes("example\\.com/chip"), .noNotes("ModelServer: it names")),
        ValueSet(
            "both resources", "devicePlugin: {granularity: both}",
            .mount("device-plugin", "/var/lib/kubelet/pod-resources"),
            .value(
                "Pod ganglion-test", "spec.containers.0.resources.limits", ["aws.amazon.com/neuroncore": 1])),
        ValueSet(
            "another name of the resource", "devicePlugin: {resourceName: example.com/core}",
            .argument("operator", "--resource-name=example.com/core"),
            .value("Pod ganglion-test", "spec.containers.0.resources.limits", ["example.com/core": 1])),
        ValueSet(
            "resources of the containers",
            "{devicePlugin: {resources: {limits: {memory: 96Mi}}}, nodeAgent: {resources: {requests: {cpu: 1}}}}",
            .value(daemonSet, pod + "containers.0.resources.limits.memory", "96Mi"),
            .value(daemonSet, pod + "containers.1.resources.requests.cpu", 1)),
        ValueSet(
            "a priority", "devicePlugin: {priorityClassName: mine}",
            .value(daemonSet, pod + "priorityClassName", "mine")),
        ValueSet(
            "logs of the agent", "nodeAgent: {logLevel: debug}", .argument("node-agent", "--log-level=debug")),
    ]

    fileprivate static let operators = [
        ValueSet(
            "no operator", "operator: {enabled: false}",
            .noObject(deployment), .noObject("ServiceAccount ganglion-operator"),
            .noObject("ClusterRole ganglion-operator"), .noObject("ClusterRoleBinding ganglion-operator"),
            .noObject("PodDisruptionBudget ganglion-operator"), .object(daemonSet),
            .object("ServiceAccount ganglion-node-agent"), .noNotes("ModelServer: it names")),
        ValueSet(
            "two operators", "operator: {replicas: 2}",
            .value(deployment, "spec.replicas", 2),
            .value(deployment, pod + "topologySpreadConstraints.0.topologyKey", "kubernetes.io/hostname"),
            .value(deployment, pod + "topologySpreadConstraints.0.whenUnsatisfiable", "ScheduleAnyway"),
            .value("PodDisruptionBudget ganglion-operator", "spec.maxUnavailable", 1),
            .argument("operator", "--leader-elect")),
        ValueSet(
            "one operator", "operator: {replicas: 1}",
            .noValue(deployment, pod + "topologySpreadConstraints"),
            .noObject("PodDisruptionBudget ganglion-operator")),
        ValueSet(
            "three operators over zones",
            "operator: {replicas: 3, topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, "
                + "whenUnsatisfiable: DoNotSchedule}], podDisruptionBudget: {maxUnavailable: 50%}}",
            .value(deployment, pod + "topologySpreadConstraints.0.topologyKey", "zone"),
            .value(
                deployment, pod + "topologySpreadConstraints.0.labelSelector.matchLabels",
                ["app.kubernetes.io/name": "ganglion-operator", "app.kubernetes.io/instance": "ganglion"]),
            .noValue(deployment, pod + "topologySpreadConstraints.1"),
            .value("PodDisruptionBudget ganglion-operator", "spec.maxUnavailable", "50%")),
        ValueSet(
            "two operators without a budget",
            "operator: {replicas: 2, podDisruptionBudget: {enabled: false}}",
            .noObject("PodDisruptionBudget ganglion-operator"), .object(deployment)),
        ValueSet(
            "where the operator runs",
            "operator: {nodeSelector: {a: b}, tolerations: [{operator: Exists}], affinity: {podAntiAffinity: {}}}",
            .value(deployment, pod + "nodeSelector.a", "b"),
            .value(deployment, pod + "tolerations.0.operator", "Exists"),
            .value(deployment, pod + "affinity", ["podAntiAffinity": [:]]),
            .value("Job ganglion-crds", pod + "nodeSelector.a", "b"),
            .value("Job ganglion-crds", pod + "tolerations.0.operator", "Exists")),
        ValueSet(
            "a model cache of each node", "operator: {modelCache: {hostPath: /var/lib/models, size: 200Gi}}",
            .argument("operator", "--model-cache=/var/lib/models"),
            .argument("operator", "--model-cache-size=200Gi")),
        ValueSet(
            "another model server", "operator: {modelServerImage: 'vllm:1', logLevel: warning}",
            .argument("operator", "--model-server-image=vllm:1"),
            .noArgument("operator", "--model-server-command"), .argument("operator", "--log-level=warning")),
    ]

    fileprivate static let extras = [
        ValueSet(
            "definitions by hand", "crds: {upgrade: false}",
            .noObject("Job ganglion-crds"), .noObject("ServiceAccount ganglion-crds"),
            .noObject("ClusterRole ganglion-crds"), .noObject("ClusterRoleBinding ganglion-crds")),
        ValueSet(
            "a network policy", "networkPolicy: {enabled: true}",
            .value(
                "NetworkPolicy ganglion", "spec.ingress",
                [
                    [
                        "ports": [
                            ["port": "metrics", "protocol": "TCP"],
                            ["port": "agent-metrics", "protocol": "TCP"],
                        ]
                    ]
                ]),
            .value("NetworkPolicy ganglion", "spec.policyTypes", ["Ingress"])),
        ValueSet(
            "an extender",
            "extender: {enabled: true, schedulers: [a, b], tlsSecretName: s, serviceName: k8s-neuron-scheduler}",
            .argument("extender", "--extender-schedulers=a,b"),
            .argument("extender", "--tls-certificate=/etc/ganglion/tls/tls.crt"),
            .argument("node-agent", "--extender-schedulers=a,b"),
            .argument("operator", "--extender-schedulers=a,b"),
            .value("Service k8s-neuron-scheduler", "spec.ports.0.port", 12345),
            .object("ServiceAccount ganglion-extender"), .object("ClusterRole ganglion-extender")),
        ValueSet(
            "rejected pods", "operator: {deleteRejectedPods: true}",
            .argument("operator", "--delete-rejected-pods")),
        ValueSet(
            "no extender", "{}", .noObject("Deployment ganglion-extender"),
            .noArgument("node-agent", "--extender-schedulers"),
            .noArgument("operator", "--extender-schedulers"),
            .noObject("ClusterRole ganglion-extender")),
        ValueSet(
            "a network policy for some",
            "networkPolicy: {enabled: true, from: [{namespaceSelector: {matchLabels: {team: sre}}}]}",
            .value(
                "NetworkPolicy ganglion", "spec.ingress.0.from",
                [["namespaceSelector": ["matchLabels": ["team": "sre"]]]])),
        ValueSet(
            "a PodMonitor", "podMonitor: {enabled: true, interval: 15s, labels: {release: prometheus}}",
            .value("PodMonitor ganglion", "metadata.labels.release", "prometheus"),
            .value("PodMonitor ganglion", "spec.podMetricsEndpoints.0.interval", "15s"),
            .value("PodMonitor ganglion", "spec.podMetricsEndpoints.0.port", "metrics"),
            .value("PodMonitor ganglion", "spec.podMetricsEndpoints.1.port", "agent-metrics"),
            .noObject("ConfigMap ganglion-dashboard")),
        ValueSet(
            "a dashboard", "grafanaDashboard: {enabled: true, labels: {grafana_dashboard: null, mine: '1'}}",
            .value("ConfigMap ganglion-dashboard", "metadata.labels.mine", "1"),
            .noValue("ConfigMap ganglion-dashboard", "metadata.labels.grafana_dashboard"),
            .noObject("PodMonitor ganglion")),
        ValueSet(
            "kind", (try? Files.readText(Python.root + "/deploy/kind/values.yaml")) ?? "no such file",
            .argument("fake-chips", "--driver-loaded=skip"), .noValue(daemonSet, pod + "affinity"),
            .value(daemonSet, pod + "containers.0.imagePullPolicy", "Never")),
        ValueSet(
            "everything",
            """
            fake: {enabled: true, instanceType: trn2.48xlarge}
            devicePlugin:
              granularity: both
              settings: {strict: true, health-interval: 10s, kernel-log-hold: 30m}
              cdi: {enabled: true}
              nodeFeatureDiscovery: true
              seLinuxOptions: {type: spc_t}
            operator: {replicas: 3}
            networkPolicy: {enabled: true}
            podMonitor: {enabled: true}
            grafanaDashboard: {enabled: true}
            imagePullSecrets: [{name: pull}]
            """,
            .object(daemonSet), .object(deployment), .object("NetworkPolicy ganglion"),
            .object("PodMonitor ganglion"), .object("ConfigMap ganglion-dashboard"),
            .object("PodDisruptionBudget ganglion-operator"),
            .argument("fake-chips", "--instance-type=trn2.48xlarge")),
    ]
}
