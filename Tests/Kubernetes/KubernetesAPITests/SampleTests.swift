// Objects with what real ones have and recordings lack; texts as servers send them.

import JSON
import Testing

@testable import KubernetesAPI

@Suite("Objects")
struct SampleTests {
    private func check<Object: Resource>(_ type: Object.Type, _ text: String) throws -> Object {
        let json = try JSON(parsing: text)
        let object = try json.decode(type)
        #expect(try JSON(encoding: object) == json)
        return object
    }

    @Test("a node")
    func node() throws {
        let node = try check(
            Node.self,
            """
            {"apiVersion":"v1","kind":"Node",
             "metadata":{"name":"a","uid":"u","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"k":"v"}},
             "spec":{"podCIDR":"10.0.0.0/24","podCIDRs":["10.0.0.0/24"],"providerID":"aws:///i-1","unschedulable":true,
              "taints":[{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule",
               "timeAdded":"2026-01-01T00:00:00Z"},{"key":"a","value":"b","effect":"NoExecute"}]},
             "status":{"capacity":{"cpu":"4","memory":"8148728Ki","aws.amazon.com/neuroncore":"32"},
              "allocatable":{"cpu":"3920m","memory":"7Gi","aws.amazon.com/neuroncore":"32"},
              "conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"is posting",
               "lastHeartbeatTime":"2026-01-01T00:00:10Z","lastTransitionTime":"2026-01-01T00:00:00Z"}],
              "addresses":[{"type":"InternalIP","address":"10.0.0.1"}],
              "daemonEndpoints":{"kubeletEndpoint":{"Port":10250}},
              "nodeInfo":{"machineID":"m","systemUUID":"s","bootID":"b","kernelVersion":"6","osImage":"AL",
               "containerRuntimeVersion":"containerd://2","kubeletVersion":"v1.36.2","kubeProxyVersion":"",
               "operatingSystem":"linux","architecture":"amd64"},
              "images":[{"names":["a:1"],"sizeBytes":7}]}}
            """)
        #expect(node.isReady)
        #expect(node.key == ObjectKey(name: "a"))
        #expect(node.status.allocatable["cpu"]?.milliValue == 3920)
    }

    @Test("a service, what stands behind it, and its namespace")
    func service() throws {
        let service = try check(
            Service.self,
            """
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"n"},
             "spec":{"selector":{"app":"a"},"type":"ClusterIP","clusterIP":"None","clusterIPs":["None"],
              "ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":"web"},
               {"name":"grpc","port":81,"targetPort":8081,"nodePort":30000}],
              "sessionAffinity":"None","internalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],
              "ipFamilyPolicy":"SingleStack","publishNotReadyAddresses":true}}
            """)
        #expect(service.spec.ports.map(\.targetPort) == ["web", 8081])
        _ = try check(
            EndpointSlice.self,
            """
            {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"a","namespace":"n",
              "ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"a","uid":"u","controller":true,
               "blockOwnerDeletion":true}]},
             "addressType":"IPv4","endpoints":[{"addresses":["10.0.0.2"],"nodeName":"x",
              "conditions":{"ready":false,"serving":true,"terminating":false},
              "targetRef":{"kind":"Pod","namespace":"n","name":"p","uid":"u"}}],
             "ports":[{"name":"","port":80,"protocol":"TCP"}]}
            """)
        _ = try check(
            Endpoints.self,
            """
            {"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"a","namespace":"n"},"subsets":[
              {"addresses":[{"ip":"10.0.0.2","nodeName":"x","targetRef":{"kind":"Pod","name":"p"}}],
               "notReadyAddresses":[{"ip":"10.0.0.3"}],"ports":[{"port":80,"protocol":"TCP"}]}]}
            """)
        _ = try check(
            Namespace.self,
            """
            {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n","finalizers":["a"]},
             "status":{"phase":"Active"}}
            """)
    }

    @Test("a pod with nearly everything")
    func pod() throws {
        let pod = try check(
            Pod.self,
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n","generateName":"a-","uid":"u",
              "deletionTimestamp":"2026-01-01T00:00:00Z","deletionGracePeriodSeconds":30,"generation":2},
             "spec":{"nodeName":"x","schedulerName":"s","priority":5,"restartPolicy":"Always",
              "schedulingGates":[{"name":"g"}],"readinessGates":[{"conditionType":"c"}],
              "overhead":{"cpu":"250m"},"resources":{"requests":{"cpu":"2"},"limits":{"memory":"1Gi"}},
              "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
                {"matchExpressions":[{"key":"k","operator":"In","values":["v"]}],
                 "matchFields":[{"key":"metadata.name","operator":"NotIn","values":["y"]}]}]}},
               "podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
                {"labelSelector":{"matchLabels":{"app":"a"}},"topologyKey":"zone"}]}},
              "initContainers":[{"name":"side","image":"i","restartPolicy":"Always",
                "resources":{"requests":{"cpu":"1"}}}],
              "containers":[{"name":"main","image":"i","command":["c"],"args":["a"],"workingDir":"/w",
                "ports":[{"containerPort":80,"name":"web","protocol":"TCP"}],
                "env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
                 {"name":"C","valueFrom":{"secretKeyRef":{"name":"s","key":"k","optional":true}}},
                 {"name":"D","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","divisor":"1m"}}}],
                "envFrom":[{"prefix":"P_","configMapRef":{"name":"m"}}],
                "volumeMounts":[{"name":"d","mountPath":"/d","readOnly":true}],
                "readinessProbe":{"httpGet":{"path":"/","port":"web","httpHeaders":[{"name":"a","value":"b"}]},
                 "periodSeconds":5},
                "livenessProbe":{"exec":{"command":["true"]}},"startupProbe":{"grpc":{"port":9}},
                "lifecycle":{"preStop":{"sleep":{"seconds":5}}},
                "securityContext":{"privileged":true,"capabilities":{"drop":["ALL"]},
                 "seccompProfile":{"type":"RuntimeDefault"}}}],
              "volumes":[{"name":"d","emptyDir":{"medium":"Memory","sizeLimit":"1Gi"}},
                {"name":"e","emptyDir":{}},{"name":"h","hostPath":{"path":"/dev","type":"Directory"}},
                {"name":"p","projected":{"sources":[]}}],
              "tolerations":[{"operator":"Exists"},{"key":"a","value":"b","effect":"NoExecute",
                "tolerationSeconds":300}]},
             "status":{"phase":"Running","podIP":"10.0.0.2","podIPs":[{"ip":"10.0.0.2"}],"qosClass":"Burstable",
              "conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}],
              "containerStatuses":[{"name":"main","ready":true,"started":true,"restartCount":1,"image":"i",
                "imageID":"d","containerID":"c://1","state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}},
                "lastState":{"terminated":{"exitCode":137,"signal":9,"reason":"OOMKilled"}},
                "allocatedResourcesStatus":[{"name":"r","resources":[{"resourceID":"0","health":"Healthy"}]}]}]}}
            """)
        #expect(pod.isReady && pod.isBound && !pod.isTerminal && pod.metadata.isTerminating)
        #expect(pod.spec.initContainers[0].isSidecar)
        #expect(pod.status.containerStatuses[0].lastState.terminated?.exitCode == 137)
    }

    @Test("an absent list, map or part is empty, and so is null; both are left out when written")
    func empty() throws {
        for text in [
            #"{"metadata":{"name":"a"}}"#,
            #"{"metadata":{"name":"a","labels":null},"spec":null,"status":{}}"#,
        ] {
            let pod = try JSON(parsing: text).decode(Pod.self)
            #expect(pod == Pod(ObjectMetadata(name: "a")))
            #expect(
                try JSON(encoding: pod) == ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "a"]])
        }
    }

    @Test("words that nobody knows are kept")
    func words() throws {
        let pod = try check(
            Pod.self,
            #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"status":{"phase":"Dreaming"}}"#)
        #expect(pod.phase == "Dreaming")
    }

    @Test("a copy is changed by itself")
    func copies() {
        let pod = Pod(ObjectMetadata(name: "a"))
        var other = pod
        other.spec.nodeName = "x"
        #expect(pod.spec.nodeName == nil)
        #expect(other.spec.nodeName == "x")
        #expect(pod != other)
    }

    @Test("a table of pods is a table of small values")
    func size() {
        #expect(MemoryLayout<Pod>.size <= 176)
        #expect(MemoryLayout<Container>.size <= 320)
        #expect(MemoryLayout<Quantity>.stride == 16)
    }
}
