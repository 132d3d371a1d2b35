{{- define "snapshot-controller.labels" -}}
{{ include "snapshot-controller.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "snapshot-controller.selectorLabels" -}}
app.kubernetes.io/name: snapshot-controller
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
