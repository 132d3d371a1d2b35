{{/* app/etc/env.php. Nothing secret is in it: secrets are read from the files of the mounted Secret, so a rotated one works with the next
     request. The closure keeps its variables out of the method of Magento that includes the file. */}}
{{- define "magento.env.php" -}}
{{- $name := include "magento.fullname" . -}}
{{- $prefix := include "magento.cachePrefix" . -}}
{{- $page := ternary (printf "%s-valkey-page" $name) (printf "%s-valkey-cache" $name) .Values.valkey.page.enabled -}}
<?php
// Rendered by the chart: app/etc/env.php. Secrets are files below /run/secrets/magento.
return (static function (): array {
    $secret = static function (string $key): string {
        $value = @file_get_contents('/run/secrets/magento/' . $key);
        if ($value === false || ($value = rtrim($value, "\r\n")) === '') {
            throw new \RuntimeException('Secret key "' . $key . '" is missing or empty in /run/secrets/magento');
        }
        return $value;
    };
    // System configuration that is secret. Magento reads it from the environment array, where it never reaches the process list.
    $_ENV['CONFIG__DEFAULT__CATALOG__SEARCH__OPENSEARCH_PASSWORD'] = $secret('opensearch-password');
    {{- range $path, $key := .Values.secretConfig }}
    $_ENV[{{ include "magento.php" (printf "CONFIG__DEFAULT__%s" ($path | replace "/" "__" | upper)) }}] = $secret({{ include "magento.php" $key }});
    {{- end }}

    return [
        'MAGE_MODE' => 'production',
        'backend' => ['frontName' => $secret('admin-path')],
        'crypt' => ['key' => $secret('crypt-key')],
        'install' => ['date' => {{ include "magento.php" .Values.installDate }}],
        'x-frame-options' => 'SAMEORIGIN',
        'directories' => ['document_root_is_pub' => true],
        'downloadable_domains' => [
            {{- range (include "magento.domains" . | fromJsonArray) }}
            {{ include "magento.php" . }},
            {{- end }}
        ],
        'db' => [
            'table_prefix' => {{ include "magento.php" .Values.database.tablePrefix }},
            'connection' => [
                'default' => [
                    'host' => {{ include "magento.php" (printf "%s:%d" .Values.database.host (int .Values.database.port)) }},
                    'dbname' => {{ include "magento.php" .Values.database.name }},
                    'username' => {{ include "magento.php" .Values.database.user }},
                    'password' => $secret('db-password'),
                    'model' => 'mysql4',
                    'engine' => 'innodb',
                    'initStatements' => 'SET NAMES utf8mb4;',
                    'active' => '1',
                ],
            ],
        ],
        'resource' => ['default_setup' => ['connection' => 'default']],
        'lock' => [
            'provider' => {{ include "magento.php" .Values.lock.provider }},
            {{- if eq .Values.lock.provider "db" }}
            // At most 64 characters with the lock's own name; several stores share a server.
            'config' => ['prefix' => {{ include "magento.php" (.Values.lock.prefix | default (printf "%s_" .Release.Name | trunc 20)) }}],
            {{- end }}
        ],
        'session' => [
            'save' => 'redis',
            'redis' => [
                'host' => {{ include "magento.php" (printf "%s-valkey-session" $name) }},
                'port' => '6379',
                'password' => $secret('valkey-session-password'),
                'timeout' => '2.5',
                'persistent_identifier' => '',
                'database' => '0',
                'compression_threshold' => '2048',
                'compression_library' => 'gzip',
                'log_level' => '4',
                'max_concurrency' => '{{ int .Values.session.maxConcurrency }}',
                'break_after_frontend' => '5',
                'break_after_adminhtml' => '30',
                'first_lifetime' => '600',
                'bot_first_lifetime' => '60',
                'bot_lifetime' => '7200',
                'disable_locking' => '{{ ternary "1" "0" .Values.session.disableLocking }}',
                'min_lifetime' => '60',
                'max_lifetime' => '2592000',
            ],
        ],
        'cache' => [
            'graphql' => ['id_salt' => $secret('graphql-id-salt')],
            'allow_parallel_generation' => false,
            'frontend' => [
                'default' => [
                    'id_prefix' => {{ include "magento.php" $prefix }},
                    'backend' => \Magento\Framework\Cache\Backend\Redis::class,
                    'backend_options' => [
                        'server' => {{ include "magento.php" (printf "%s-valkey-cache" $name) }},
                        'port' => '6379',
                        'database' => '0',
                        'password' => $secret('valkey-cache-password'),
                        'compress_data' => '1',
                        'compression_lib' => 'gzip',
                        'preload_keys' => [
                            {{- range list "EAV_ENTITY_TYPES" "GLOBAL_PLUGIN_LIST" "DB_IS_UP_TO_DATE" "SYSTEM_DEFAULT" }}
                            {{ include "magento.php" (printf "%s%s" $prefix .) }},
                            {{- end }}
                        ],
                    ],
                ],
                // Varnish is the page cache; Magento still opens this frontend.
                'page_cache' => [
                    'id_prefix' => {{ include "magento.php" $prefix }},
                    'backend' => \Magento\Framework\Cache\Backend\Redis::class,
                    'backend_options' => [
                        'server' => {{ include "magento.php" $page }},
                        'port' => '6379',
                        'database' => '1',
                        'password' => $secret({{ include "magento.php" (ternary "valkey-page-password" "valkey-cache-password" .Values.valkey.page.enabled) }}),
                        'compress_data' => '0',
                    ],
                ],
            ],
        ],
        'cache_types' => [
            {{- range .Values.cache.types }}
            {{ include "magento.php" . }} => 1,
            {{- end }}
        ],
        // Every Varnish pod by its own name: a purge sent to a Service reaches one of them only.
        'http_cache_hosts' => [
            {{- range $i := until (int .Values.varnish.replicas) }}
            ['host' => {{ include "magento.php" (printf "%s-varnish-%d.%s-varnish-pods" $name $i $name) }}, 'port' => '6083'],
            {{- end }}
        ],
        'queue' => [
            'default_connection' => 'amqp',
            'consumers_wait_for_messages' => getenv('MAGENTO_CONSUMERS_WAIT') === '0' ? 0 : 1,
            'amqp' => [
                'host' => {{ include "magento.php" .Values.rabbitmq.host }},
                'port' => '{{ int .Values.rabbitmq.port }}',
                'user' => {{ include "magento.php" .Values.rabbitmq.user }},
                'password' => $secret('rabbitmq-password'),
                'virtualhost' => {{ include "magento.php" .Values.rabbitmq.vhost }},
                'ssl' => '',
            ],
        ],
        // Consumers run in their own pods.
        'cron_consumers_runner' => ['cron_run' => false, 'max_messages' => 0, 'consumers' => []],
        {{- if eq .Values.media.mode "s3" }}
        'remote_storage' => [
            'driver' => 'aws-s3',
            'prefix' => {{ include "magento.php" .Values.media.s3.prefix }},
            'config' => [
                'endpoint' => {{ include "magento.php" .Values.media.s3.endpoint }},
                'bucket' => {{ include "magento.php" .Values.media.s3.bucket }},
                'region' => {{ include "magento.php" .Values.media.s3.region }},
                'path_style' => {{ include "magento.php" (ternary "1" "0" .Values.media.s3.pathStyle) }},
                'credentials' => ['key' => $secret('s3-access-key'), 'secret' => $secret('s3-secret-key')],
            ],
        ],
        {{- else }}
        'remote_storage' => ['driver' => 'file'],
        {{- end }}
        'deployment' => ['blue_green' => ['enabled' => {{ .Values.deployment.blueGreen }}]],
    ];
})();
{{ end }}
