{{- define "ganglion.labels" -}}
app.kubernetes.io/part-of: ganglion
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "ganglion.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* uid 0 reads sysfs files of mode 0400; it needs no capability for that. */ -}}
{{- define "ganglion.securityContext" -}}
runAsUser: 0
runAsGroup: 0
{{ include "ganglion.confined" . }}
{{- end }}

{{- /* For what touches no file of the node. */ -}}
{{- define "ganglion.unprivileged" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
{{ include "ganglion.confined" . }}
{{- end }}

{{- define "ganglion.confined" -}}
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- /* Where the plugin's sockets are. */ -}}
{{- define "ganglion.sockets" -}}
{{- if eq .Values.devicePlugin.registration "plugins-registry" -}}
{{ .Values.devicePlugin.kubeletRoot }}/plugins_registry
{{- else -}}
{{ .Values.devicePlugin.devicePluginsDirectory }}
{{- end }}
{{- end }}

{{- /* Lists are replaced where maps would be merged, so that each of these can be had without a rest of the others. */ -}}
{{- define "ganglion.nodeAffinity" -}}
{{- $plugin := .Values.devicePlugin }}
{{- if kindIs "map" $plugin.affinity }}
{{- with $plugin.affinity }}{{ toYaml . }}{{ end }}
{{- else if and $plugin.nodeAffinity.enabled (not .Values.fake.enabled) -}}
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
      - matchExpressions:
          - key: node.kubernetes.io/instance-type
            operator: In
            values: {{- toYaml $plugin.nodeAffinity.instanceTypes | nindent 14 }}
{{- end }}
{{- end }}

{{- /*
An earlier chart's values without this one's, values that are gone, and settings that the pod must be made for: as a mere
setting they would do nothing, or half.
*/ -}}
{{- define "ganglion.refusals" -}}
{{- $plugin := .Values.devicePlugin }}
{{- if not (and .Values.fake .Values.crds .Values.networkPolicy .Values.podMonitor .Values.grafanaDashboard $plugin.nodeAffinity) }}
{{- fail "the values lack what this chart has: upgrade with --reset-then-reuse-values in place of --reuse-values" }}
{{- end }}
{{- if $plugin.fakeRoot }}
{{- fail "devicePlugin.fakeRoot is gone: set fake.enabled and fake.instanceType, and each node gets its files in fake.root by itself" }}
{{- end }}
{{- if and $plugin.metricsPort (eq (int $plugin.metricsPort) (int .Values.nodeAgent.metricsPort)) }}
{{- fail (printf "devicePlugin.metricsPort and nodeAgent.metricsPort are both %d: they are one pod's, each needs a port of its own" (int $plugin.metricsPort)) }}
{{- end }}
{{- $values := dict
  "granularity" "devicePlugin.granularity"
  "core-resource" "devicePlugin.resourceName"
  "chip-resource" "devicePlugin.chipResourceName"
  "registration" "devicePlugin.registration"
  "kubelet-root" "devicePlugin.kubeletRoot"
  "device-plugins-directory" "devicePlugin.devicePluginsDirectory"
  "metrics-address" "devicePlugin.metricsPort"
  "cdi" "devicePlugin.cdi.enabled"
  "cdi-directory" "devicePlugin.cdi.directory"
  "feature-file" "devicePlugin.nodeFeatureDiscovery"
  "fake-root" "fake.enabled"
  "log-level" "devicePlugin.logLevel"
}}
{{- range $key, $name := $values }}
{{- if hasKey ($plugin.settings | default dict) $key }}
{{- fail (printf "devicePlugin.settings.%s does nothing there: set %s" $key $name) }}
{{- end }}
{{- end }}
{{- range list "agent-socket" "pod-resources-socket" "config" "dry-run" }}
{{- if hasKey ($plugin.settings | default dict) . }}
{{- fail (printf "devicePlugin.settings.%s is the pod's own: take it out" .) }}
{{- end }}
{{- end }}
{{- if and (eq $plugin.granularity "both") (eq $plugin.resourceName $plugin.chipResourceName) }}
{{- fail (printf "devicePlugin.resourceName and chipResourceName are both %s: with granularity both each needs a name of its own" $plugin.resourceName) }}
{{- end }}
{{- end }}

{{- /* What the objects of the upgrade's hook have in common. */ -}}
{{- define "ganglion.crdsMetadata" -}}
name: ganglion-crds
labels:
  app.kubernetes.io/name: ganglion-crds
  {{- include "ganglion.labels" .root | nindent 2 }}
annotations:
  helm.sh/hook: pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
