{{/* System configuration as environment variables: CONFIG__<SCOPE>__<PATH>. First what the chart decides, then the store's own words, which
     win; one website's domain is its base URL. */}}
{{- define "magento.config" -}}
{{- $name := include "magento.fullname" . -}}
{{- $url := printf "https://%s/" (include "magento.primaryDomain" .) -}}
{{- $config := dict
    "web/unsecure/base_url" $url
    "web/secure/base_url" $url
    "web/secure/use_in_frontend" "1"
    "web/secure/use_in_adminhtml" "1"
    "web/secure/offloader_header" "X-Forwarded-Proto"
    "web/seo/use_rewrites" "1"
    "system/full_page_cache/caching_application" "2"
    "system/full_page_cache/ttl" (toString (int .Values.varnish.ttlSeconds))
    "system/full_page_cache/varnish/backend_host" (printf "%s-web" $name)
    "system/full_page_cache/varnish/backend_port" "8080"
    "system/full_page_cache/varnish/grace_period" (toString (int .Values.varnish.graceHealthySeconds))
    "system/media_storage_configuration/media_database" "0"
    "system/cron/index/use_separate_process" "0"
    "system/cron/default/use_separate_process" "0"
    "system/cron/consumers/use_separate_process" "0"
    "catalog/search/engine" "opensearch"
    "catalog/search/opensearch_server_hostname" (printf "%s://%s" .Values.search.scheme .Values.search.host)
    "catalog/search/opensearch_server_port" (toString (int .Values.search.port))
    "catalog/search/opensearch_index_prefix" .Values.search.indexPrefix
    "catalog/search/opensearch_enable_auth" "1"
    "catalog/search/opensearch_username" .Values.search.user
    "catalog/search/opensearch_server_timeout" (toString (int .Values.search.timeoutSeconds))
    "dev/js/enable_js_bundling" "0"
    "dev/js/merge_files" "0"
    "dev/css/merge_css_files" "0"
-}}
{{- $env := dict -}}
{{- range $path, $value := merge (deepCopy .Values.config) $config -}}
{{- $_ := set $env (printf "CONFIG__DEFAULT__%s" ($path | replace "/" "__" | upper)) (toString $value) -}}
{{- end -}}
{{- range $index, $site := .Values.websites -}}
{{- $scope := printf "CONFIG__%s__%s" (ternary "WEBSITES" "STORES" (eq $site.runType "website")) (upper $site.runCode) -}}
{{- $own := dict -}}
{{- if $index -}}
{{- $base := printf "https://%s/" (first $site.domains) -}}
{{- $own = dict "web/unsecure/base_url" $base "web/secure/base_url" $base -}}
{{- end -}}
{{- range $path, $value := merge (deepCopy ($site.config | default dict)) $own -}}
{{- $_ := set $env (printf "%s__%s" $scope ($path | replace "/" "__" | upper)) (toString $value) -}}
{{- end -}}
{{- end -}}
{{ toYaml $env }}
{{- end }}

{{- define "magento.maintenancePage" -}}
{{ .Values.maintenance.page | default (.Files.Get "files/maintenance.html") }}
{{- end }}

{{/* Takes {root, role}. */}}
{{- define "magento.valkey.conf" -}}
{{- $own := index .root.Values.valkey .role -}}
# Rendered by the chart. The password is in a file that the container writes from its Secret.
include /tmp/auth.conf
port 6379
bind * -::*
protected-mode no
tcp-keepalive 60
timeout 0
dir /data
maxmemory {{ int $own.maxMemoryMi }}mb
{{- if eq .role "session" }}
# Sessions and baskets: kept on disk, and never thrown out to make room.
maxmemory-policy noeviction
appendonly yes
appendfsync everysec
aof-use-rdb-preamble yes
save ""
{{- else }}
# A cache: lost with the pod. Tags carry no expiry and must stay, entries do and may go.
maxmemory-policy volatile-lru
appendonly no
save ""
{{- end }}
lazyfree-lazy-eviction yes
lazyfree-lazy-expire yes
lazyfree-lazy-user-del yes
lazyfree-lazy-user-flush yes
# Commands no store needs.
rename-command DEBUG ""
rename-command REPLICAOF ""
rename-command SLAVEOF ""
rename-command MODULE ""
{{ end }}
