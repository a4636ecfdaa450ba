// Objects as an API server sends them, with `#` where their number goes: a pod of 4 KB and a node.

enum BenchTemplates {
    // swift-format-ignore
    static let pod = ##"""
{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-7d4b9c8f6d-#",\##
"generateName":"web-7d4b9c8f6d-","namespace":"team-NS","uid":"3f1c2a84-90ab-4cde-8f01-0000#",\##
"resourceVersion":"1#","generation":1,"creationTimestamp":"2026-11-29T10:00:00Z",\##
"labels":{"app.kubernetes.io/name":"web","app.kubernetes.io/part-of":"shop",\##
"pod-template-hash":"7d4b9c8f6d","tier":"frontend"},\##
"annotations":{"kubernetes.io/config.seen":"2026-11-29T10:00:00.000000000Z",\##
"prometheus.io/scrape":"true"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet",\##
"name":"web-7d4b9c8f6d","uid":"11111111-2222-3333-4444-555555555555","controller":true,\##
"blockOwnerDeletion":true}],"managedFields":[{"manager":"kube-controller-manager",\##
"operation":"Update","apiVersion":"v1","time":"2026-11-29T10:00:00Z","fieldsType":"FieldsV1",\##
"fieldsV1":{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/name":{},\##
"f:pod-template-hash":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"x\"}":{}}},\##
"f:spec":{"f:containers":{"k:{\"name\":\"main\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},\##
"f:name":{},"f:ports":{".":{}},"f:resources":{".":{},"f:limits":{},"f:requests":{".":{},"f:cpu":{},\##
"f:memory":{}}},"f:terminationMessagePath":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},\##
"f:schedulerName":{}}}}]},"spec":{"volumes":[{"name":"kube-api-access-x#",\##
"projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},\##
{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}}],\##
"defaultMode":420}}],"containers":[{"name":"main","image":"registry.example/shop/web:1.2.3",\##
"ports":[{"containerPort":8080,"protocol":"TCP"}],"env":[{"name":"POD_NAME",\##
"valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}},{"name":"LOG_LEVEL",\##
"value":"info"}],"resources":{"limits":{"cpu":"2","memory":"2Gi"},"requests":{"cpu":"500m",\##
"memory":"1Gi"}},"volumeMounts":[{"name":"kube-api-access-x#","readOnly":true,\##
"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],\##
"livenessProbe":{"httpGet":{"path":"/healthz","port":8080,"scheme":"HTTP"},"timeoutSeconds":1,\##
"periodSeconds":10,"successThreshold":1,"failureThreshold":3},\##
"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",\##
"imagePullPolicy":"IfNotPresent"}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,\##
"dnsPolicy":"ClusterFirst","serviceAccountName":"web","serviceAccount":"web","nodeName":"node-NODE",\##
"securityContext":{},"schedulerName":"default-scheduler",\##
"tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute",\##
"tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists",\##
"effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,\##
"preemptionPolicy":"PreemptLowerPriority"},"status":{"observedGeneration":1,"phase":"Running",\##
"conditions":[{"type":"PodReadyToStartContainers","status":"True","lastProbeTime":null,\##
"lastTransitionTime":"2026-11-29T10:00:05Z"},{"type":"Initialized","status":"True",\##
"lastProbeTime":null,"lastTransitionTime":"2026-11-29T10:00:05Z"},{"type":"Ready","status":"True",\##
"lastProbeTime":null,"lastTransitionTime":"2026-11-29T10:00:05Z"},{"type":"ContainersReady",\##
"status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-29T10:00:05Z"},\##
{"type":"PodScheduled","status":"True","lastProbeTime":null,\##
"lastTransitionTime":"2026-11-29T10:00:05Z"}],"hostIP":"10.0.0.1","hostIPs":[{"ip":"10.0.0.1"}],\##
"podIP":"10.244.0.1","podIPs":[{"ip":"10.244.0.1"}],"startTime":"2026-11-29T10:00:01Z",\##
"containerStatuses":[{"name":"main","state":{"running":{"startedAt":"2026-11-29T10:00:04Z"}},\##
"lastState":{},"ready":true,"restartCount":0,"image":"registry.example/shop/web:1.2.3",\##
"imageID":"registry.example/shop/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",\##
"containerID":"containerd://0123456789abcdef0123456789abcdef0123456789abcdef01234567#","started":true,\##
"allocatedResources":{"cpu":"500m","memory":"1Gi"},"resources":{"limits":{"cpu":"2","memory":"2Gi"},\##
"requests":{"cpu":"500m","memory":"1Gi"}}}],"qosClass":"Burstable"}}
"""##

    // swift-format-ignore
    static let node = ##"""
{"kind":"Node","apiVersion":"v1","metadata":{"name":"node-#","uid":"5f1c2a84-90ab-4cde-8f01-0000#",\##
"resourceVersion":"2#","creationTimestamp":"2026-11-29T09:00:00Z",\##
"labels":{"kubernetes.io/arch":"amd64","kubernetes.io/os":"linux","kubernetes.io/hostname":"node-#",\##
"node.kubernetes.io/instance-type":"trn1.32xlarge","topology.kubernetes.io/zone":"us-east-1a"},\##
"annotations":{"node.alpha.kubernetes.io/ttl":"0"}},"spec":{"podCIDR":"10.244.0.0/24",\##
"providerID":"aws:///us-east-1a/i-#"},"status":{"capacity":{"cpu":"128","memory":"512Gi","pods":"110",\##
"aws.amazon.com/neuroncore":"32"},"allocatable":{"cpu":"127","memory":"500Gi","pods":"110",\##
"aws.amazon.com/neuroncore":"32"},"conditions":[{"type":"Ready","status":"True",\##
"lastHeartbeatTime":"2026-11-29T10:00:05Z","lastTransitionTime":"2026-11-29T10:00:05Z",\##
"reason":"KubeletReady","message":"kubelet is posting ready status"}],\##
"addresses":[{"type":"InternalIP","address":"10.0.0.1"},{"type":"Hostname","address":"node-#"}],\##
"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}},"nodeInfo":{"machineID":"#","systemUUID":"#",\##
"bootID":"#","kernelVersion":"6.1","osImage":"Linux","containerRuntimeVersion":"containerd://2.0",\##
"kubeletVersion":"v1.36.2","kubeProxyVersion":"","operatingSystem":"linux","architecture":"amd64"},\##
"images":[{"names":["registry.example/shop/web:0"],"sizeBytes":100000000},\##
{"names":["registry.example/shop/web:1"],"sizeBytes":100000001},\##
{"names":["registry.example/shop/web:2"],"sizeBytes":100000002},\##
{"names":["registry.example/shop/web:3"],"sizeBytes":100000003},\##
{"names":["registry.example/shop/web:4"],"sizeBytes":100000004},\##
{"names":["registry.example/shop/web:5"],"sizeBytes":100000005},\##
{"names":["registry.example/shop/web:6"],"sizeBytes":100000006},\##
{"names":["registry.example/shop/web:7"],"sizeBytes":100000007},\##
{"names":["registry.example/shop/web:8"],"sizeBytes":100000008},\##
{"names":["registry.example/shop/web:9"],"sizeBytes":100000009},\##
{"names":["registry.example/shop/web:10"],"sizeBytes":100000010},\##
{"names":["registry.example/shop/web:11"],"sizeBytes":100000011},\##
{"names":["registry.example/shop/web:12"],"sizeBytes":100000012},\##
{"names":["registry.example/shop/web:13"],"sizeBytes":100000013},\##
{"names":["registry.example/shop/web:14"],"sizeBytes":100000014},\##
{"names":["registry.example/shop/web:15"],"sizeBytes":100000015},\##
{"names":["registry.example/shop/web:16"],"sizeBytes":100000016},\##
{"names":["registry.example/shop/web:17"],"sizeBytes":100000017},\##
{"names":["registry.example/shop/web:18"],"sizeBytes":100000018},\##
{"names":["registry.example/shop/web:19"],"sizeBytes":100000019}]}}
"""##
}
