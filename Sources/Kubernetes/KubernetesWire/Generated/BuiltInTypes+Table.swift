// Written by scripts/generate-built-in-types from k8s.io/api v0.36.2: do not change. BuiltInTypes.swift says how it
// is read.

extension BuiltInTypes {
    // swift-format-ignore
    /// The messages, each with its fields.
    static let table = """
Pod metadata=1@ObjectMeta spec=2@PodSpec status=3@PodStatus
Node metadata=1@ObjectMeta spec=2@NodeSpec status=3@NodeStatus
Service metadata=1@ObjectMeta spec=2@ServiceSpec status=3@ServiceStatus
Event metadata=1?@ObjectMeta involvedObject=2?@ObjectReference reason=3s message=4s source=5@EventSource
  firstTimestamp=6T lastTimestamp=7T count=8i type=9s eventTime=10M series=11?@EventSeries action=12s
  related=13?@ObjectReference reportingComponent=14?s reportingInstance=15?s
Namespace metadata=1@ObjectMeta spec=2@NamespaceSpec status=3@NamespaceStatus
ConfigMap metadata=1@ObjectMeta immutable=4?B data=2{s binaryData=3{b
Secret metadata=1@ObjectMeta immutable=5?B data=2{b stringData=4{s type=3s:SecretType
ServiceAccount metadata=1@ObjectMeta secrets=2[@ObjectReference imagePullSecrets=3[@LocalObjectReference
  automountServiceAccountToken=4?B
Endpoints metadata=1@ObjectMeta subsets=2[@EndpointSubset
Binding metadata=1@ObjectMeta target=2?@ObjectReference
PersistentVolumeClaim metadata=1@ObjectMeta spec=2@PersistentVolumeClaimSpec
  status=3@PersistentVolumeClaimStatus
PersistentVolume metadata=1@ObjectMeta spec=2@PersistentVolumeSpec status=3@PersistentVolumeStatus
StorageClass metadata=1@ObjectMeta provisioner=2?s parameters=3{s
  reclaimPolicy=4?s:PersistentVolumeReclaimPolicy mountOptions=5[s allowVolumeExpansion=6?B
  volumeBindingMode=7?s:VolumeBindingMode allowedTopologies=8[@TopologySelectorTerm
CSINode metadata=1@ObjectMeta spec=2?@CSINodeSpec
events.Event metadata=1?@ObjectMeta eventTime=2?M series=3?@events.EventSeries reportingController=4s
  reportingInstance=5s action=6s reason=7s regarding=8@ObjectReference related=9?@ObjectReference note=10s
  type=11s deprecatedSource=12@EventSource deprecatedFirstTimestamp=13T deprecatedLastTimestamp=14T
  deprecatedCount=15i
Lease metadata=1@ObjectMeta spec=2@LeaseSpec
EndpointSlice metadata=1@ObjectMeta addressType=4?s:AddressType endpoints=2?[@Endpoint ports=3?[@EndpointPort
PodDisruptionBudget metadata=1@ObjectMeta spec=2@PodDisruptionBudgetSpec status=3@PodDisruptionBudgetStatus
Eviction metadata=1@ObjectMeta deleteOptions=2?@DeleteOptions
Role metadata=1@ObjectMeta rules=2?[@PolicyRule
RoleBinding metadata=1@ObjectMeta subjects=2[@Subject roleRef=3?@RoleRef
ClusterRole metadata=1@ObjectMeta rules=2?[@PolicyRule aggregationRule=3?@AggregationRule
ClusterRoleBinding metadata=1@ObjectMeta subjects=2[@Subject roleRef=3?@RoleRef
SelfSubjectAccessReview metadata=1@ObjectMeta spec=2?@SelfSubjectAccessReviewSpec
  status=3@SubjectAccessReviewStatus
SelfSubjectRulesReview metadata=1@ObjectMeta spec=2?@SelfSubjectRulesReviewSpec
  status=3@SubjectRulesReviewStatus
SubjectAccessReview metadata=1@ObjectMeta spec=2?@SubjectAccessReviewSpec status=3@SubjectAccessReviewStatus
SelfSubjectReview metadata=1@ObjectMeta status=2@SelfSubjectReviewStatus
TokenReview metadata=1@ObjectMeta spec=2?@TokenReviewSpec status=3@TokenReviewStatus
TokenRequest metadata=1@ObjectMeta spec=2?@TokenRequestSpec status=3@TokenRequestStatus
Scale metadata=1@ObjectMeta spec=2@ScaleSpec status=3@ScaleStatus
CustomResourceDefinition metadata=1@ObjectMeta spec=2?@CustomResourceDefinitionSpec
  status=3@CustomResourceDefinitionStatus
DeleteOptions gracePeriodSeconds=1?l preconditions=2?@Preconditions orphanDependents=3?B
  propagationPolicy=4?s:DeletionPropagation dryRun=5[s ignoreStoreReadErrorWithClusterBreakingPotential=6?B
ObjectMeta name=1s generateName=2s namespace=3s selfLink=4s uid=5s:types.UID resourceVersion=6s generation=7l
  creationTimestamp=8T deletionTimestamp=9?T deletionGracePeriodSeconds=10?l labels=11{s annotations=12{s
  ownerReferences=13[@OwnerReference finalizers=14[s managedFields=17[@ManagedFieldsEntry
PodSpec volumes=1[@Volume initContainers=20[@Container containers=2?[@Container
  ephemeralContainers=34[@EphemeralContainer restartPolicy=3s:RestartPolicy terminationGracePeriodSeconds=4?l
  activeDeadlineSeconds=5?l dnsPolicy=6s:DNSPolicy nodeSelector=7{s serviceAccountName=8s serviceAccount=9s
  automountServiceAccountToken=21?B nodeName=10s hostNetwork=11B hostPID=12B hostIPC=13B
  shareProcessNamespace=27?B securityContext=14?@PodSecurityContext imagePullSecrets=15[@LocalObjectReference
  hostname=16s subdomain=17s affinity=18?@Affinity schedulerName=19s tolerations=22[@Toleration
  hostAliases=23[@HostAlias priorityClassName=24s priority=25?i dnsConfig=26?@PodDNSConfig
  readinessGates=28[@PodReadinessGate runtimeClassName=29?s enableServiceLinks=30?B
  preemptionPolicy=31?s:PreemptionPolicy overhead=32{Q topologySpreadConstraints=33[@TopologySpreadConstraint
  setHostnameAsFQDN=35?B os=36?@PodOS hostUsers=37?B schedulingGates=38[@PodSchedulingGate
  resourceClaims=39[@PodResourceClaim resources=40?@ResourceRequirements hostnameOverride=41?s
  schedulingGroup=43?@PodSchedulingGroup
PodStatus observedGeneration=17l phase=1s:PodPhase conditions=2[@PodCondition message=3s reason=4s
  nominatedNodeName=11s hostIP=5s hostIPs=16[@HostIP podIP=6s podIPs=12[@PodIP startTime=7?T
  initContainerStatuses=10[@ContainerStatus containerStatuses=8[@ContainerStatus qosClass=9s:PodQOSClass
  ephemeralContainerStatuses=13[@ContainerStatus resize=14s:PodResizeStatus
  resourceClaimStatuses=15[@PodResourceClaimStatus
  extendedResourceClaimStatus=18?@PodExtendedResourceClaimStatus allocatedResources=19{Q
  resources=20?@ResourceRequirements
  nodeAllocatableResourceClaimStatuses=21[@NodeAllocatableResourceClaimStatus
NodeSpec podCIDR=1s podCIDRs=7[s providerID=3s unschedulable=4B taints=5[@Taint
  configSource=6?@NodeConfigSource externalID=2s
NodeStatus capacity=1{Q allocatable=2{Q phase=3s:NodePhase conditions=4[@NodeCondition
  addresses=5[@NodeAddress daemonEndpoints=6@NodeDaemonEndpoints nodeInfo=7@NodeSystemInfo
  images=8[@ContainerImage volumesInUse=9[s:UniqueVolumeName volumesAttached=10[@AttachedVolume
  config=11?@NodeConfigStatus runtimeHandlers=12[@NodeRuntimeHandler features=13?@NodeFeatures
  declaredFeatures=14[s
ServiceSpec ports=1[@ServicePort selector=2{s clusterIP=3s clusterIPs=18[s type=4s:ServiceType externalIPs=5[s
  sessionAffinity=7s:ServiceAffinity loadBalancerIP=8s loadBalancerSourceRanges=9[s externalName=10s
  externalTrafficPolicy=11s:ServiceExternalTrafficPolicy healthCheckNodePort=12i publishNotReadyAddresses=13B
  sessionAffinityConfig=14?@SessionAffinityConfig ipFamilies=19[s:IPFamily ipFamilyPolicy=17?s:IPFamilyPolicy
  allocateLoadBalancerNodePorts=20?B loadBalancerClass=21?s
  internalTrafficPolicy=22?s:ServiceInternalTrafficPolicy trafficDistribution=23?s
ServiceStatus loadBalancer=1@LoadBalancerStatus conditions=2[@Condition
ObjectReference kind=1s namespace=2s name=3s uid=4s:types.UID apiVersion=5s resourceVersion=6s fieldPath=7s
EventSource component=1s host=2s
EventSeries count=1i lastObservedTime=2M
NamespaceSpec finalizers=1[s:FinalizerName
NamespaceStatus phase=1s:NamespacePhase conditions=2[@NamespaceCondition
LocalObjectReference name=1s
EndpointSubset addresses=1[@EndpointAddress notReadyAddresses=2[@EndpointAddress ports=3[@core.EndpointPort
PersistentVolumeClaimSpec accessModes=1[s:PersistentVolumeAccessMode selector=4?@LabelSelector
  resources=2@VolumeResourceRequirements volumeName=3s storageClassName=5?s
  volumeMode=6?s:PersistentVolumeMode dataSource=7?@TypedLocalObjectReference
  dataSourceRef=8?@TypedObjectReference volumeAttributesClassName=9?s
PersistentVolumeClaimStatus phase=1s:PersistentVolumeClaimPhase accessModes=2[s:PersistentVolumeAccessMode
  capacity=3{Q conditions=4[@PersistentVolumeClaimCondition allocatedResources=5{Q
  allocatedResourceStatuses=7{s:ClaimResourceStatus currentVolumeAttributesClassName=8?s
  modifyVolumeStatus=9?@ModifyVolumeStatus
PersistentVolumeSpec capacity=1{Q -=2~@PersistentVolumeSource accessModes=3[s:PersistentVolumeAccessMode
  claimRef=4?@ObjectReference persistentVolumeReclaimPolicy=5s:PersistentVolumeReclaimPolicy
  storageClassName=6s mountOptions=7[s volumeMode=8?s:PersistentVolumeMode nodeAffinity=9?@VolumeNodeAffinity
  volumeAttributesClassName=10?s
PersistentVolumeStatus phase=1s:PersistentVolumePhase message=2s reason=3s lastPhaseTransitionTime=4?T
TopologySelectorTerm matchLabelExpressions=1[@TopologySelectorLabelRequirement
CSINodeSpec drivers=1?[@CSINodeDriver
events.EventSeries count=1?i lastObservedTime=2?M
LeaseSpec holderIdentity=1?s leaseDurationSeconds=2?i acquireTime=3?M renewTime=4?M leaseTransitions=5?i
  strategy=6?s:CoordinatedLeaseStrategy preferredHolder=7?s
Endpoint addresses=1?[s conditions=2@EndpointConditions hostname=3?s targetRef=4?@ObjectReference
  deprecatedTopology=5{s nodeName=6?s zone=7?s hints=8?@EndpointHints
EndpointPort name=1?s protocol=2?s:Protocol port=3?i appProtocol=4?s
PodDisruptionBudgetSpec minAvailable=1?I selector=2?@LabelSelector maxUnavailable=3?I
  unhealthyPodEvictionPolicy=4?s:UnhealthyPodEvictionPolicyType
PodDisruptionBudgetStatus observedGeneration=1l disruptedPods=2{T disruptionsAllowed=3?i currentHealthy=4?i
  desiredHealthy=5?i expectedPods=6?i conditions=7[@Condition
PolicyRule verbs=1?[s apiGroups=2[s resources=3[s resourceNames=4[s nonResourceURLs=5[s
Subject kind=1?s apiGroup=2s name=3?s namespace=4s
RoleRef apiGroup=1?s kind=2?s name=3?s
AggregationRule clusterRoleSelectors=1[@LabelSelector
SelfSubjectAccessReviewSpec resourceAttributes=1?@ResourceAttributes
  nonResourceAttributes=2?@NonResourceAttributes
SubjectAccessReviewStatus allowed=1?B denied=4B reason=2s evaluationError=3s
SelfSubjectRulesReviewSpec namespace=1s
SubjectRulesReviewStatus resourceRules=1?[@ResourceRule nonResourceRules=2?[@NonResourceRule incomplete=3?B
  evaluationError=4s
SubjectAccessReviewSpec resourceAttributes=1?@ResourceAttributes
  nonResourceAttributes=2?@NonResourceAttributes user=3s groups=4[s extra=5{[s uid=6s
SelfSubjectReviewStatus userInfo=1@UserInfo
TokenReviewSpec token=1s audiences=2[s
TokenReviewStatus authenticated=1B user=2@UserInfo audiences=4[s error=3s
TokenRequestSpec audiences=1?[s expirationSeconds=4?l boundObjectRef=3?@BoundObjectReference
TokenRequestStatus token=1?s expirationTimestamp=2?T
ScaleSpec replicas=1i
ScaleStatus replicas=1?i selector=2s
CustomResourceDefinitionSpec group=1?s names=3?@CustomResourceDefinitionNames scope=4?s:ResourceScope
  versions=7?[@CustomResourceDefinitionVersion conversion=9?@CustomResourceConversion
  preserveUnknownFields=10B
CustomResourceDefinitionStatus conditions=1?[@CustomResourceDefinitionCondition
  acceptedNames=2?@CustomResourceDefinitionNames storedVersions=3?[s observedGeneration=4l
Preconditions uid=1?s:types.UID resourceVersion=2?s
OwnerReference apiVersion=5?s kind=1?s name=3?s uid=4?s:types.UID controller=6?B blockOwnerDeletion=7?B
ManagedFieldsEntry manager=1s operation=2s:ManagedFieldsOperationType apiVersion=3s time=4?T fieldsType=6s
  fieldsV1=7?R subresource=8s
Volume name=1?s -=2~@VolumeSource
Container name=1?s image=2s command=3[s args=4[s workingDir=5s ports=6[@ContainerPort
  envFrom=19[@EnvFromSource env=7[@EnvVar resources=8@ResourceRequirements
  resizePolicy=23[@ContainerResizePolicy restartPolicy=24?s:ContainerRestartPolicy
  restartPolicyRules=25[@ContainerRestartRule volumeMounts=9[@VolumeMount volumeDevices=21[@VolumeDevice
  livenessProbe=10?@Probe readinessProbe=11?@Probe startupProbe=22?@Probe lifecycle=12?@Lifecycle
  terminationMessagePath=13s terminationMessagePolicy=20s:TerminationMessagePolicy
  imagePullPolicy=14s:PullPolicy securityContext=15?@SecurityContext stdin=16B stdinOnce=17B tty=18B
EphemeralContainer -=1~@EphemeralContainerCommon targetContainerName=2s
PodSecurityContext seLinuxOptions=1?@SELinuxOptions windowsOptions=8?@WindowsSecurityContextOptions
  runAsUser=2?l runAsGroup=6?l runAsNonRoot=3?B supplementalGroups=4[l
  supplementalGroupsPolicy=12?s:SupplementalGroupsPolicy fsGroup=5?l sysctls=7[@Sysctl
  fsGroupChangePolicy=9?s:PodFSGroupChangePolicy seccompProfile=10?@SeccompProfile
  appArmorProfile=11?@AppArmorProfile seLinuxChangePolicy=13?s:PodSELinuxChangePolicy
Affinity nodeAffinity=1?@NodeAffinity podAffinity=2?@PodAffinity podAntiAffinity=3?@PodAntiAffinity
Toleration key=1s operator=2s:TolerationOperator value=3s effect=4s:TaintEffect tolerationSeconds=5?l
HostAlias ip=1?s hostnames=2[s
PodDNSConfig nameservers=1[s searches=2[s options=3[@PodDNSConfigOption
PodReadinessGate conditionType=1?s:PodConditionType
TopologySpreadConstraint maxSkew=1?i topologyKey=2?s whenUnsatisfiable=3?s:UnsatisfiableConstraintAction
  labelSelector=4?@LabelSelector minDomains=5?i nodeAffinityPolicy=6?s:NodeInclusionPolicy
  nodeTaintsPolicy=7?s:NodeInclusionPolicy matchLabelKeys=8[s
PodOS name=1?s:OSName
PodSchedulingGate name=1?s
PodResourceClaim name=1?s resourceClaimName=3?s resourceClaimTemplateName=4?s
ResourceRequirements limits=1{Q requests=2{Q claims=3[@ResourceClaim
PodSchedulingGroup podGroupName=1?s
PodCondition type=1?s:PodConditionType observedGeneration=7l status=2?s:ConditionStatus lastProbeTime=3T
  lastTransitionTime=4T reason=5s message=6s
HostIP ip=1?s
PodIP ip=1?s
ContainerStatus name=1?s state=2@ContainerState lastState=3@ContainerState ready=4?B restartCount=5?i
  image=6?s imageID=7?s containerID=8s started=9?B allocatedResources=10{Q resources=11?@ResourceRequirements
  volumeMounts=12[@VolumeMountStatus user=13?@ContainerUser allocatedResourcesStatus=14[@ResourceStatus
  stopSignal=15?s:Signal
PodResourceClaimStatus name=1?s resourceClaimName=2?s
PodExtendedResourceClaimStatus requestMappings=1?[@ContainerExtendedResourceRequest resourceClaimName=2?s
NodeAllocatableResourceClaimStatus resourceClaimName=1?s containers=2[s resources=3?{Q
Taint key=1?s value=2s effect=3?s:TaintEffect timeAdded=4?T
NodeConfigSource configMap=2?@ConfigMapNodeConfigSource
NodeCondition type=1?s:NodeConditionType status=2?s:ConditionStatus lastHeartbeatTime=3T lastTransitionTime=4T
  reason=5s message=6s
NodeAddress type=1?s:NodeAddressType address=2?s
NodeDaemonEndpoints kubeletEndpoint=1@DaemonEndpoint
NodeSystemInfo machineID=1?s systemUUID=2?s bootID=3?s kernelVersion=4?s osImage=5?s
  containerRuntimeVersion=6?s kubeletVersion=7?s kubeProxyVersion=8?s operatingSystem=9?s architecture=10?s
  swap=11?@NodeSwapStatus
ContainerImage names=1?[s sizeBytes=2l
AttachedVolume name=1?s:UniqueVolumeName devicePath=2?s
NodeConfigStatus assigned=1?@NodeConfigSource active=2?@NodeConfigSource lastKnownGood=3?@NodeConfigSource
  error=4s
NodeRuntimeHandler name=1?s features=2?@NodeRuntimeHandlerFeatures
NodeFeatures supplementalGroupsPolicy=1?B
ServicePort name=1s protocol=2s:Protocol appProtocol=6?s port=3?i targetPort=4I nodePort=5i
SessionAffinityConfig clientIP=1?@ClientIPConfig
LoadBalancerStatus ingress=1[@LoadBalancerIngress
Condition type=1?s status=2?s:ConditionStatus observedGeneration=3l lastTransitionTime=4?T reason=5?s
  message=6?s
NamespaceCondition type=1?s:NamespaceConditionType status=2?s:ConditionStatus lastTransitionTime=4T reason=5s
  message=6s
EndpointAddress ip=1?s hostname=3s nodeName=4?s targetRef=2?@ObjectReference
core.EndpointPort name=1s port=2?i protocol=3s:Protocol appProtocol=4?s
LabelSelector matchLabels=1{s matchExpressions=2[@LabelSelectorRequirement
VolumeResourceRequirements limits=1{Q requests=2{Q
TypedLocalObjectReference apiGroup=1?s kind=2?s name=3?s
TypedObjectReference apiGroup=1?s kind=2?s name=3?s namespace=4?s
PersistentVolumeClaimCondition type=1?s:PersistentVolumeClaimConditionType status=2?s:ConditionStatus
  lastProbeTime=3T lastTransitionTime=4T reason=5s message=6s
ModifyVolumeStatus targetVolumeAttributesClassName=1s status=2?s:PersistentVolumeClaimModifyVolumeStatus
PersistentVolumeSource gcePersistentDisk=1?@GCEPersistentDiskVolumeSource
  awsElasticBlockStore=2?@AWSElasticBlockStoreVolumeSource hostPath=3?@HostPathVolumeSource
  glusterfs=4?@GlusterfsPersistentVolumeSource nfs=5?@NFSVolumeSource rbd=6?@RBDPersistentVolumeSource
  iscsi=7?@ISCSIPersistentVolumeSource cinder=8?@CinderPersistentVolumeSource
  cephfs=9?@CephFSPersistentVolumeSource fc=10?@FCVolumeSource flocker=11?@FlockerVolumeSource
  flexVolume=12?@FlexPersistentVolumeSource azureFile=13?@AzureFilePersistentVolumeSource
  vsphereVolume=14?@VsphereVirtualDiskVolumeSource quobyte=15?@QuobyteVolumeSource
  azureDisk=16?@AzureDiskVolumeSource photonPersistentDisk=17?@PhotonPersistentDiskVolumeSource
  portworxVolume=18?@PortworxVolumeSource scaleIO=19?@ScaleIOPersistentVolumeSource
  local=20?@LocalVolumeSource storageos=21?@StorageOSPersistentVolumeSource csi=22?@CSIPersistentVolumeSource
VolumeNodeAffinity required=1?@NodeSelector
TopologySelectorLabelRequirement key=1?s values=2?[s
CSINodeDriver name=1?s nodeID=2?s topologyKeys=3?[s allocatable=4?@VolumeNodeResources
EndpointConditions ready=1?B serving=2?B terminating=3?B
EndpointHints forZones=1[@ForZone forNodes=2[@ForNode
ResourceAttributes namespace=1s verb=2s group=3s version=4s resource=5s subresource=6s name=7s
  fieldSelector=8?@FieldSelectorAttributes labelSelector=9?@LabelSelectorAttributes
NonResourceAttributes path=1s verb=2s
ResourceRule verbs=1?[s apiGroups=2[s resources=3[s resourceNames=4[s
NonResourceRule verbs=1?[s nonResourceURLs=2[s
UserInfo username=1s uid=2s groups=3[s extra=4{[s
BoundObjectReference kind=1s apiVersion=2s name=3s uid=4s:types.UID
CustomResourceDefinitionNames plural=1?s singular=2s shortNames=3[s kind=4?s listKind=5s categories=6[s
CustomResourceDefinitionVersion name=1?s served=2?B storage=3?B deprecated=7B deprecationWarning=8?s
  schema=4?@CustomResourceValidation subresources=5?@CustomResourceSubresources
  additionalPrinterColumns=6[@CustomResourceColumnDefinition selectableFields=9[@SelectableField
CustomResourceConversion strategy=1?s:ConversionStrategyType webhook=2?@WebhookConversion
CustomResourceDefinitionCondition type=1?s:CustomResourceDefinitionConditionType status=2?s:ConditionStatus
  lastTransitionTime=3T reason=4s message=5s observedGeneration=6l
VolumeSource hostPath=1?@HostPathVolumeSource emptyDir=2?@EmptyDirVolumeSource
  gcePersistentDisk=3?@GCEPersistentDiskVolumeSource awsElasticBlockStore=4?@AWSElasticBlockStoreVolumeSource
  gitRepo=5?@GitRepoVolumeSource secret=6?@SecretVolumeSource nfs=7?@NFSVolumeSource
  iscsi=8?@ISCSIVolumeSource glusterfs=9?@GlusterfsVolumeSource
  persistentVolumeClaim=10?@PersistentVolumeClaimVolumeSource rbd=11?@RBDVolumeSource
  flexVolume=12?@FlexVolumeSource cinder=13?@CinderVolumeSource cephfs=14?@CephFSVolumeSource
  flocker=15?@FlockerVolumeSource downwardAPI=16?@DownwardAPIVolumeSource fc=17?@FCVolumeSource
  azureFile=18?@AzureFileVolumeSource configMap=19?@ConfigMapVolumeSource
  vsphereVolume=20?@VsphereVirtualDiskVolumeSource quobyte=21?@QuobyteVolumeSource
  azureDisk=22?@AzureDiskVolumeSource photonPersistentDisk=23?@PhotonPersistentDiskVolumeSource
  projected=26?@ProjectedVolumeSource portworxVolume=24?@PortworxVolumeSource scaleIO=25?@ScaleIOVolumeSource
  storageos=27?@StorageOSVolumeSource csi=28?@CSIVolumeSource ephemeral=29?@EphemeralVolumeSource
  image=30?@ImageVolumeSource
ContainerPort name=1s hostPort=2i containerPort=3?i protocol=4s:Protocol hostIP=5s
EnvFromSource prefix=1s configMapRef=2?@ConfigMapEnvSource secretRef=3?@SecretEnvSource
EnvVar name=1?s value=2s valueFrom=3?@EnvVarSource
ContainerResizePolicy resourceName=1?s:ResourceName restartPolicy=2?s:ResourceResizeRestartPolicy
ContainerRestartRule action=1s:ContainerRestartRuleAction exitCodes=2?@ContainerRestartRuleOnExitCodes
VolumeMount name=1?s readOnly=2B recursiveReadOnly=7?s:RecursiveReadOnlyMode mountPath=3?s subPath=4s
  mountPropagation=5?s:MountPropagationMode subPathExpr=6s
VolumeDevice name=1?s devicePath=2?s
Probe -=1~@ProbeHandler initialDelaySeconds=2i timeoutSeconds=3i periodSeconds=4i successThreshold=5i
  failureThreshold=6i terminationGracePeriodSeconds=7?l
Lifecycle postStart=1?@LifecycleHandler preStop=2?@LifecycleHandler stopSignal=3?s:Signal
SecurityContext capabilities=1?@Capabilities privileged=2?B seLinuxOptions=3?@SELinuxOptions
  windowsOptions=10?@WindowsSecurityContextOptions runAsUser=4?l runAsGroup=8?l runAsNonRoot=5?B
  readOnlyRootFilesystem=6?B allowPrivilegeEscalation=7?B procMount=9?s:ProcMountType
  seccompProfile=11?@SeccompProfile appArmorProfile=12?@AppArmorProfile
EphemeralContainerCommon name=1?s image=2s command=3[s args=4[s workingDir=5s ports=6[@ContainerPort
  envFrom=19[@EnvFromSource env=7[@EnvVar resources=8@ResourceRequirements
  resizePolicy=23[@ContainerResizePolicy restartPolicy=24?s:ContainerRestartPolicy
  restartPolicyRules=25[@ContainerRestartRule volumeMounts=9[@VolumeMount volumeDevices=21[@VolumeDevice
  livenessProbe=10?@Probe readinessProbe=11?@Probe startupProbe=22?@Probe lifecycle=12?@Lifecycle
  terminationMessagePath=13s terminationMessagePolicy=20s:TerminationMessagePolicy
  imagePullPolicy=14s:PullPolicy securityContext=15?@SecurityContext stdin=16B stdinOnce=17B tty=18B
SELinuxOptions user=1s role=2s type=3s level=4s
WindowsSecurityContextOptions gmsaCredentialSpecName=1?s gmsaCredentialSpec=2?s runAsUserName=3?s
  hostProcess=4?B
Sysctl name=1?s value=2?s
SeccompProfile type=1?s:SeccompProfileType localhostProfile=2?s
AppArmorProfile type=1?s:AppArmorProfileType localhostProfile=2?s
NodeAffinity requiredDuringSchedulingIgnoredDuringExecution=1?@NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution=2[@PreferredSchedulingTerm
PodAffinity requiredDuringSchedulingIgnoredDuringExecution=1[@PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution=2[@WeightedPodAffinityTerm
PodAntiAffinity requiredDuringSchedulingIgnoredDuringExecution=1[@PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution=2[@WeightedPodAffinityTerm
PodDNSConfigOption name=1s value=2?s
ResourceClaim name=1?s request=2s
ContainerState waiting=1?@ContainerStateWaiting running=2?@ContainerStateRunning
  terminated=3?@ContainerStateTerminated
VolumeMountStatus name=1?s mountPath=2?s readOnly=3B recursiveReadOnly=4?s:RecursiveReadOnlyMode
  volumeStatus=5?@VolumeStatus
ContainerUser linux=1?@LinuxContainerUser
ResourceStatus name=1?s:ResourceName resources=2[@ResourceHealth
ContainerExtendedResourceRequest containerName=1?s resourceName=2?s requestName=3?s
ConfigMapNodeConfigSource namespace=1?s name=2?s uid=3s:types.UID resourceVersion=4s kubeletConfigKey=5?s
DaemonEndpoint Port=1?i
NodeSwapStatus capacity=1?l
NodeRuntimeHandlerFeatures recursiveReadOnlyMounts=1?B userNamespaces=2?B
ClientIPConfig timeoutSeconds=1?i
LoadBalancerIngress ip=1s hostname=2s ipMode=3?s:LoadBalancerIPMode ports=4[@PortStatus
LabelSelectorRequirement key=1?s operator=2?s:LabelSelectorOperator values=3[s
GCEPersistentDiskVolumeSource pdName=1?s fsType=2s partition=3i readOnly=4B
AWSElasticBlockStoreVolumeSource volumeID=1?s fsType=2s partition=3i readOnly=4B
HostPathVolumeSource path=1?s type=2?s:HostPathType
GlusterfsPersistentVolumeSource endpoints=1?s path=2?s readOnly=3B endpointsNamespace=4?s
NFSVolumeSource server=1?s path=2?s readOnly=3B
RBDPersistentVolumeSource monitors=1?[s image=2?s fsType=3s pool=4s user=5s keyring=6s
  secretRef=7?@SecretReference readOnly=8B
ISCSIPersistentVolumeSource targetPortal=1?s iqn=2?s lun=3?i iscsiInterface=4s fsType=5s readOnly=6B
  portals=7[s chapAuthDiscovery=8B chapAuthSession=11B secretRef=10?@SecretReference initiatorName=12?s
CinderPersistentVolumeSource volumeID=1?s fsType=2s readOnly=3B secretRef=4?@SecretReference
CephFSPersistentVolumeSource monitors=1?[s path=2s user=3s secretFile=4s secretRef=5?@SecretReference
  readOnly=6B
FCVolumeSource targetWWNs=1[s lun=2?i fsType=3s readOnly=4B wwids=5[s
FlockerVolumeSource datasetName=1s datasetUUID=2s
FlexPersistentVolumeSource driver=1?s fsType=2s secretRef=3?@SecretReference readOnly=4B options=5{s
AzureFilePersistentVolumeSource secretName=1?s shareName=2?s readOnly=3B secretNamespace=4?s
VsphereVirtualDiskVolumeSource volumePath=1?s fsType=2s storagePolicyName=3s storagePolicyID=4s
QuobyteVolumeSource registry=1?s volume=2?s readOnly=3B user=4s group=5s tenant=6s
AzureDiskVolumeSource diskName=1?s diskURI=2?s cachingMode=3?s:AzureDataDiskCachingMode fsType=4?s
  readOnly=5?B kind=6?s:AzureDataDiskKind
PhotonPersistentDiskVolumeSource pdID=1?s fsType=2s
PortworxVolumeSource volumeID=1?s fsType=2s readOnly=3B
ScaleIOPersistentVolumeSource gateway=1?s system=2?s secretRef=3?@SecretReference sslEnabled=4B
  protectionDomain=5s storagePool=6s storageMode=7s volumeName=8s fsType=9s readOnly=10B
LocalVolumeSource path=1?s fsType=2?s
StorageOSPersistentVolumeSource volumeName=1s volumeNamespace=2s fsType=3s readOnly=4B
  secretRef=5?@ObjectReference
CSIPersistentVolumeSource driver=1?s volumeHandle=2?s readOnly=3B fsType=4s volumeAttributes=5{s
  controllerPublishSecretRef=6?@SecretReference nodeStageSecretRef=7?@SecretReference
  nodePublishSecretRef=8?@SecretReference controllerExpandSecretRef=9?@SecretReference
  nodeExpandSecretRef=10?@SecretReference
NodeSelector nodeSelectorTerms=1?[@NodeSelectorTerm
VolumeNodeResources count=1?i
ForZone name=1?s
ForNode name=1?s
FieldSelectorAttributes rawSelector=1s requirements=2[@FieldSelectorRequirement
LabelSelectorAttributes rawSelector=1s requirements=2[@LabelSelectorRequirement
CustomResourceValidation openAPIV3Schema=1?@JSONSchemaProps
CustomResourceSubresources status=1?@CustomResourceSubresourceStatus scale=2?@CustomResourceSubresourceScale
CustomResourceColumnDefinition name=1?s type=2?s format=3s description=4s priority=5i jsonPath=6?s
SelectableField jsonPath=1?s
WebhookConversion clientConfig=2?@WebhookClientConfig conversionReviewVersions=3?[s
EmptyDirVolumeSource medium=1s:StorageMedium sizeLimit=2?Q
GitRepoVolumeSource repository=1?s revision=2s directory=3s
SecretVolumeSource secretName=1s items=2[@KeyToPath defaultMode=3?i optional=4?B
ISCSIVolumeSource targetPortal=1?s iqn=2?s lun=3?i iscsiInterface=4s fsType=5s readOnly=6B portals=7[s
  chapAuthDiscovery=8B chapAuthSession=11B secretRef=10?@LocalObjectReference initiatorName=12?s
GlusterfsVolumeSource endpoints=1?s path=2?s readOnly=3B
PersistentVolumeClaimVolumeSource claimName=1?s readOnly=2B
RBDVolumeSource monitors=1?[s image=2?s fsType=3s pool=4s user=5s keyring=6s secretRef=7?@LocalObjectReference
  readOnly=8B
FlexVolumeSource driver=1?s fsType=2s secretRef=3?@LocalObjectReference readOnly=4B options=5{s
CinderVolumeSource volumeID=1?s fsType=2s readOnly=3B secretRef=4?@LocalObjectReference
CephFSVolumeSource monitors=1?[s path=2s user=3s secretFile=4s secretRef=5?@LocalObjectReference readOnly=6B
DownwardAPIVolumeSource items=1[@DownwardAPIVolumeFile defaultMode=2?i
AzureFileVolumeSource secretName=1?s shareName=2?s readOnly=3B
ConfigMapVolumeSource -=1~@LocalObjectReference items=2[@KeyToPath defaultMode=3?i optional=4?B
ProjectedVolumeSource sources=1?[@VolumeProjection defaultMode=2?i
ScaleIOVolumeSource gateway=1?s system=2?s secretRef=3?@LocalObjectReference sslEnabled=4B protectionDomain=5s
  storagePool=6s storageMode=7s volumeName=8s fsType=9s readOnly=10B
StorageOSVolumeSource volumeName=1s volumeNamespace=2s fsType=3s readOnly=4B secretRef=5?@LocalObjectReference
CSIVolumeSource driver=1?s readOnly=2?B fsType=3?s volumeAttributes=4{s
  nodePublishSecretRef=5?@LocalObjectReference
EphemeralVolumeSource volumeClaimTemplate=1?@PersistentVolumeClaimTemplate
ImageVolumeSource reference=1s pullPolicy=2s:PullPolicy
ConfigMapEnvSource -=1~@LocalObjectReference optional=2?B
SecretEnvSource -=1~@LocalObjectReference optional=2?B
EnvVarSource fieldRef=1?@ObjectFieldSelector resourceFieldRef=2?@ResourceFieldSelector
  configMapKeyRef=3?@ConfigMapKeySelector secretKeyRef=4?@SecretKeySelector fileKeyRef=5?@FileKeySelector
ContainerRestartRuleOnExitCodes operator=1s:ContainerRestartRuleOnExitCodesOperator values=2[i
ProbeHandler exec=1?@ExecAction httpGet=2?@HTTPGetAction tcpSocket=3?@TCPSocketAction grpc=4?@GRPCAction
LifecycleHandler exec=1?@ExecAction httpGet=2?@HTTPGetAction tcpSocket=3?@TCPSocketAction sleep=4?@SleepAction
Capabilities add=1[s:Capability drop=2[s:Capability
PreferredSchedulingTerm weight=1?i preference=2?@NodeSelectorTerm
PodAffinityTerm labelSelector=1?@LabelSelector namespaces=2[s topologyKey=3?s
  namespaceSelector=4?@LabelSelector matchLabelKeys=5[s mismatchLabelKeys=6[s
WeightedPodAffinityTerm weight=1?i podAffinityTerm=2?@PodAffinityTerm
ContainerStateWaiting reason=1s message=2s
ContainerStateRunning startedAt=1T
ContainerStateTerminated exitCode=1?i signal=2i reason=3s message=4s startedAt=5T finishedAt=6T containerID=7s
VolumeStatus image=1?@ImageVolumeStatus
LinuxContainerUser uid=1?l gid=2?l supplementalGroups=3[l
ResourceHealth resourceID=1?s:ResourceID health=2s:ResourceHealthStatus message=6?s
PortStatus port=1?i protocol=2?s:Protocol error=3?s
SecretReference name=1s namespace=2s
NodeSelectorTerm matchExpressions=1[@NodeSelectorRequirement matchFields=2[@NodeSelectorRequirement
FieldSelectorRequirement key=1?s operator=2?s:FieldSelectorOperator values=3[s
JSONSchemaProps id=1s $schema=2s:JSONSchemaURL $ref=3?s description=4s type=5s format=6s title=7s default=8?R
  maximum=9?d exclusiveMaximum=10B minimum=11?d exclusiveMinimum=12B maxLength=13?l minLength=14?l pattern=15s
  maxItems=16?l minItems=17?l uniqueItems=18B multipleOf=19?d enum=20[R maxProperties=21?l minProperties=22?l
  required=23[s items=24?A allOf=25[@JSONSchemaProps oneOf=26[@JSONSchemaProps anyOf=27[@JSONSchemaProps
  not=28?@JSONSchemaProps properties=29{@JSONSchemaProps additionalProperties=30?O
  patternProperties=31{@JSONSchemaProps dependencies=32{S additionalItems=33?O definitions=34{@JSONSchemaProps
  externalDocs=35?@ExternalDocumentation example=36?R nullable=37B x-kubernetes-preserve-unknown-fields=38?B
  x-kubernetes-embedded-resource=39B x-kubernetes-int-or-string=40B x-kubernetes-list-map-keys=41[s
  x-kubernetes-list-type=42?s x-kubernetes-map-type=43?s x-kubernetes-validations=44[@ValidationRule
CustomResourceSubresourceStatus
CustomResourceSubresourceScale specReplicasPath=1?s statusReplicasPath=2?s labelSelectorPath=3?s
WebhookClientConfig url=3?s service=1?@ServiceReference caBundle=2b
KeyToPath key=1?s path=2?s mode=3?i
DownwardAPIVolumeFile path=1?s fieldRef=2?@ObjectFieldSelector resourceFieldRef=3?@ResourceFieldSelector
  mode=4?i
VolumeProjection secret=1?@SecretProjection downwardAPI=2?@DownwardAPIProjection
  configMap=3?@ConfigMapProjection serviceAccountToken=4?@ServiceAccountTokenProjection
  clusterTrustBundle=5?@ClusterTrustBundleProjection podCertificate=6?@PodCertificateProjection
PersistentVolumeClaimTemplate metadata=1@ObjectMeta spec=2?@PersistentVolumeClaimSpec
ObjectFieldSelector apiVersion=1s fieldPath=2?s
ResourceFieldSelector containerName=1s resource=2?s divisor=3Q
ConfigMapKeySelector -=1~@LocalObjectReference key=2?s optional=3?B
SecretKeySelector -=1~@LocalObjectReference key=2?s optional=3?B
FileKeySelector volumeName=1?s path=2?s key=3?s optional=4?B
ExecAction command=1[s
HTTPGetAction path=1s port=2?I host=3s scheme=4s:URIScheme httpHeaders=5[@HTTPHeader
TCPSocketAction port=1?I host=2s
GRPCAction port=1?i service=2?s
SleepAction seconds=1?l
ImageVolumeStatus imageRef=1s
NodeSelectorRequirement key=1?s operator=2?s:NodeSelectorOperator values=3[s
ExternalDocumentation description=1s url=2s
ValidationRule rule=1?s message=2s messageExpression=3s reason=4?s:FieldValueErrorReason fieldPath=5s
  optionalOldSelf=6?B
ServiceReference namespace=1?s name=2?s path=3?s port=4?i
SecretProjection -=1~@LocalObjectReference items=2[@KeyToPath optional=4?B
DownwardAPIProjection items=1[@DownwardAPIVolumeFile
ConfigMapProjection -=1~@LocalObjectReference items=2[@KeyToPath optional=4?B
ServiceAccountTokenProjection audience=1s expirationSeconds=2?l path=3?s
ClusterTrustBundleProjection name=1?s signerName=2?s labelSelector=3?@LabelSelector optional=5?B path=4?s
PodCertificateProjection signerName=1s keyType=2s maxExpirationSeconds=3?i credentialBundlePath=4s keyPath=5s
  certificateChainPath=6s userAnnotations=7{s
HTTPHeader name=1?s value=2?s
"""
}
