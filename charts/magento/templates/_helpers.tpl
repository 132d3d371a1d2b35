{{/* The name every object starts with: the release's name, unless fullnameOverride says otherwise. */}}
{{- define "magento.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* The Secret that holds everything secret. */}}
{{- define "magento.secretName" -}}
{{- .Values.secrets.existingSecret | default (printf "%s-magento" (include "magento.fullname" .)) -}}
{{- end }}

{{/* Labels that select; they never change during a release's life. Takes {root, component}. */}}
{{- define "magento.selectorLabels" -}}
app.kubernetes.io/name: magento
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of an object. Takes {root, component}. */}}
{{- define "magento.labels" -}}
{{ include "magento.selectorLabels" . }}
app.kubernetes.io/part-of: magento
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The pods that run PHP: who may talk to the data services and purge Varnish. */}}
{{- define "magento.phpPodLabel" -}}
storeyard.io/runtime: php
{{- end }}

{{/* An image reference: repository, tag and digest; either may be empty, not both. */}}
{{- define "magento.image" -}}
{{- if not (or .tag .digest) }}{{ fail (printf "image %s has neither tag nor digest" .repository) }}{{ end -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

{{/* Pod settings that all pods share. Takes {root, security}: security is {runAsUser, runAsGroup, fsGroup}. */}}
{{- define "magento.podCommon" -}}
serviceAccountName: {{ include "magento.serviceAccountName" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .security.runAsUser | int64 }}
  runAsGroup: {{ .security.runAsGroup | int64 }}
  fsGroup: {{ .security.runAsGroup | int64 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .priority }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Container security: the "restricted" Pod Security level and a read-only root file system. */}}
{{- define "magento.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "magento.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "magento.fullname" .) -}}
{{- end }}

{{/* Spread over nodes, then over zones. On one node both hold trivially; tainted and cordoned nodes do not count.
     Takes {root, component, perRevision}. */}}
{{- define "magento.spread" -}}
{{- $labels := include "magento.selectorLabels" . }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: {{ .root.Values.spread.hosts }}
    nodeAffinityPolicy: Honor
    nodeTaintsPolicy: Honor
    labelSelector:
      matchLabels:
        {{- $labels | nindent 8 }}
    {{- if .perRevision }}
    matchLabelKeys: [pod-template-hash]
    {{- end }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: {{ .root.Values.spread.zones }}
    nodeAffinityPolicy: Honor
    nodeTaintsPolicy: Honor
    labelSelector:
      matchLabels:
        {{- $labels | nindent 8 }}
    {{- if .perRevision }}
    matchLabelKeys: [pod-template-hash]
    {{- end }}
{{- end }}

{{/* Prefix of cache keys: of the store's own words, or else one for each PHP image, so that two releases never share a cache. */}}
{{- define "magento.cachePrefix" -}}
{{- .Values.cache.idPrefix | default (printf "%s_" (include "magento.image" .Values.fpm.image | sha256sum | trunc 8)) -}}
{{- end }}

{{/* Hosts of every website, in order, without repetition, as a JSON list. */}}
{{- define "magento.domains" -}}
{{- $all := list -}}
{{- range .Values.websites }}{{ $all = concat $all .domains }}{{ end -}}
{{- $all | uniq | toJson -}}
{{- end }}

{{/* The host under which the store is known: the first website's first domain. */}}
{{- define "magento.primaryDomain" -}}
{{- (first .Values.websites).domains | first -}}
{{- end }}

{{/* A PHP string literal of any value. */}}
{{- define "magento.php" -}}
'{{ . | toString | replace "\\" "\\\\" | replace "'" "\\'" }}'
{{- end }}

{{/* Volumes and mounts of every pod that runs PHP. */}}
{{- define "magento.phpVolumes" -}}
- name: env
  configMap:
    name: {{ include "magento.fullname" . }}-env
- name: php
  configMap:
    name: {{ include "magento.fullname" . }}-php
    defaultMode: 0555
- name: secrets
  secret:
    secretName: {{ include "magento.secretName" . }}
    defaultMode: 0440
- name: "var"
  emptyDir:
    sizeLimit: {{ .Values.php.varSize }}
- name: tmp
  emptyDir:
    sizeLimit: {{ .Values.php.tmpSize }}
- name: media
  {{- include "magento.mediaVolume" . | nindent 2 }}
{{- end }}

{{- define "magento.phpMounts" -}}
- name: env
  mountPath: {{ .Values.php.root }}/app/etc/env.php
  subPath: env.php
  readOnly: true
- name: php
  mountPath: /etc/magento
  readOnly: true
- name: secrets
  mountPath: /run/secrets/magento
  readOnly: true
- name: "var"
  mountPath: {{ .Values.php.root }}/var
- name: tmp
  mountPath: /tmp
- name: media
  mountPath: {{ .Values.php.root }}/pub/media
{{- end }}

{{/* What is mounted at pub/media: the shared claim, or an empty directory when the files live in a bucket. */}}
{{- define "magento.mediaVolume" -}}
{{- if eq .Values.media.mode "volume" -}}
persistentVolumeClaim:
  claimName: {{ .Values.media.volume.existingClaim | default (printf "%s-media" (include "magento.fullname" .)) }}
{{- else -}}
emptyDir:
  sizeLimit: {{ .Values.media.s3.scratchSize }}
{{- end }}
{{- end }}

{{/* Environment of every container that runs PHP. */}}
{{- define "magento.phpEnv" -}}
# Adds /etc/magento to the directories PHP scans for ini files.
- name: PHP_INI_SCAN_DIR
  value: ":/etc/magento"
- name: MAGE_MODE
  value: production
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "magento.phpEnvFrom" -}}
- configMapRef:
    name: {{ include "magento.fullname" . }}-config
{{- end }}

{{/* Roll-out when a configuration changes. */}}
{{- define "magento.phpChecksums" -}}
checksum/env: {{ include "magento.env.php" . | sha256sum }}
checksum/php: {{ printf "%s%s%s" (include "magento.php.ini" .) (include "magento.fpm.conf" .) (include "magento.scripts" .) | sha256sum }}
checksum/config: {{ include "magento.config" . | sha256sum }}
{{- end }}

{{- define "magento.scripts" -}}
{{ .Files.Get "files/fpm-check.php" }}{{ .Files.Get "files/cron.sh" }}{{ .Files.Get "files/consumer.sh" }}
{{- end }}

{{/* Seconds, each longer than the one inside it: PHP < nginx < Varnish. */}}
{{- define "magento.timeout.nginx" -}}{{ add (int .Values.php.maxExecutionSeconds) 10 }}{{- end }}
{{- define "magento.timeout.varnish" -}}{{ add (int .Values.php.maxExecutionSeconds) 20 }}{{- end }}
