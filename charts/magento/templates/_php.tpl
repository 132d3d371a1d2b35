{{- define "magento.php.ini" -}}
; Rendered by the chart. Read after the image's own files, so it wins.
; Without E Magento sees no CONFIG__ variable: it reads $_ENV.
variables_order = EGPCS
memory_limit = {{ .Values.php.memoryLimit }}
max_execution_time = {{ int .Values.php.maxExecutionSeconds }}
max_input_vars = {{ int .Values.php.maxInputVars }}
post_max_size = {{ .Values.php.uploadMaxSize }}
upload_max_filesize = {{ .Values.php.uploadMaxSize }}
max_file_uploads = 50
upload_tmp_dir = /tmp
sys_temp_dir = /tmp
date.timezone = UTC
expose_php = Off
display_errors = Off
display_startup_errors = Off
log_errors = On
zlib.output_compression = Off
session.auto_start = Off
user_ini.filename =
cgi.fix_pathinfo = 0
realpath_cache_size = 10M
realpath_cache_ttl = 7200
; The code is an image and never changes: no file is looked at twice.
opcache.enable = 1
opcache.enable_cli = 0
opcache.memory_consumption = {{ int .Values.php.opcacheMi }}
opcache.interned_strings_buffer = {{ int .Values.php.opcacheStringsMi }}
opcache.max_accelerated_files = 60000
opcache.validate_timestamps = 0
opcache.save_comments = 1
opcache.jit = disable
{{- range $key, $value := .Values.php.ini }}
{{ $key }} = {{ $value }}
{{- end }}
{{ end }}

{{- define "magento.fpm.conf" -}}
; Rendered by the chart.
[global]
error_log = /proc/self/fd/2
log_limit = 8192
daemonize = no
; A child has this long to end its request after the master was told to stop.
process_control_timeout = {{ sub (int .Values.fpm.terminationGracePeriodSeconds) (add (int .Values.fpm.drainSeconds) 5) }}s

[www]
listen = 0.0.0.0:9000
listen.backlog = 511
pm = static
pm.max_children = {{ int .Values.fpm.children }}
pm.max_requests = {{ int .Values.fpm.maxRequests }}
; Status and ping answer on their own port when every child is busy: a probe must not fail because the shop is full.
pm.status_listen = 0.0.0.0:9001
pm.status_path = /fpm-status
ping.path = /fpm-ping
request_terminate_timeout = {{ add (int .Values.php.maxExecutionSeconds) 5 }}s
clear_env = no
catch_workers_output = yes
decorate_workers_output = no
security.limit_extensions = .php
php_admin_value[error_log] = /proc/self/fd/2
php_admin_flag[log_errors] = on
{{ end }}
