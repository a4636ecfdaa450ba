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
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "ganglion.socketDirectory" -}}
{{ eq .Values.devicePlugin.registration "plugins-registry" | ternary "plugins_registry" "device-plugins" }}
{{- end }}
