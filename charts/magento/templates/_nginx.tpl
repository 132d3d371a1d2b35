{{/* nginx of the web pods: static files, media, and PHP through the fpm Service. */}}
{{- define "magento.nginx.conf" -}}
{{- $root := printf "%s/pub" .Values.php.root -}}
# Rendered by the chart.
worker_processes {{ int .Values.web.workers }};
worker_shutdown_timeout {{ sub (int .Values.web.terminationGracePeriodSeconds) (add (int .Values.web.drainSeconds) 5) }}s;
pid /tmp/nginx.pid;
error_log stderr warn;

events {
    worker_connections 4096;
}

http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;

    log_format json escape=json '{"time":"$time_iso8601","client":"$remote_addr","host":"$host","method":"$request_method",'
        '"uri":"$request_uri","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,"php":"$upstream_response_time",'
        '"referer":"$http_referer","agent":"$http_user_agent"}';
    access_log {{ ternary "/dev/stdout json" "off" .Values.web.accessLog }};

    client_body_temp_path /tmp/client_body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;

    sendfile on;
    tcp_nopush on;
    server_tokens off;
    absolute_redirect off;
    # Longer than Varnish keeps an idle connection (60 s), so that Varnish never writes into one nginx is closing.
    keepalive_timeout 75s;
    keepalive_requests 10000;
    client_max_body_size {{ .Values.web.maxBodySize }};
    # Large cookies and search URLs.
    large_client_header_buffers 8 32k;
    types_hash_max_size 2048;
    server_names_hash_bucket_size 128;
    map_hash_bucket_size 128;

    gzip on;
    gzip_static on;
    gzip_comp_level 5;
    gzip_min_length 1024;
    gzip_proxied any;
    gzip_vary on;
    gzip_types text/plain text/css text/xml text/javascript application/javascript application/x-javascript application/json
        application/xml application/xml+rss application/manifest+json image/svg+xml font/ttf font/otf;

    # Who the client is: Varnish appends the address it saw to X-Forwarded-For; the last one that is not ours is the client's.
    {{- range .Values.web.trustedProxies }}
    set_real_ip_from {{ . }};
    {{- end }}
    real_ip_recursive on;

    # PHP takes any HTTPS but "off" as on.
    map $http_x_forwarded_proto $magento_https {
        default "";
        https on;
    }
    map $http_x_forwarded_proto $magento_port {
        default 80;
        https 443;
    }

    # Which website or store view a host belongs to; an unknown host gets the first.
    map $host $mage_run_code {
        default "{{ (first .Values.websites).runCode }}";
        {{- range .Values.websites }}{{ $site := . }}
        {{- range .domains }}
        {{ . }} "{{ $site.runCode }}";
        {{- end }}
        {{- end }}
    }
    map $host $mage_run_type {
        default "{{ (first .Values.websites).runType }}";
        {{- range .Values.websites }}{{ $site := . }}
        {{- range .domains }}
        {{ . }} "{{ $site.runType }}";
        {{- end }}
        {{- end }}
    }

    upstream fpm {
        server {{ include "magento.fullname" . }}-fpm:9000 max_fails=0;
    }

    server {
        listen 8080 default_server;
        real_ip_header X-Forwarded-For;
        include site.conf;
    }
    {{- if .Values.web.proxyProtocol }}

    # The same site for a load balancer that speaks the PROXY protocol.
    server {
        listen 8081 proxy_protocol default_server;
        real_ip_header proxy_protocol;
        include site.conf;
    }
    {{- end }}

    # For the kubelet and for metrics; says whether nginx works, nothing about PHP.
    server {
        listen 8090 default_server;
        access_log off;
        location = /healthz {
            default_type text/plain;
            return 200 "ok\n";
        }
        location = /status {
            stub_status;
        }
        location / {
            return 404;
        }
    }
}
{{ end }}

{{- define "magento.nginx.site" -}}
# Rendered by the chart: what every listener serves.
root {{ .Values.php.root }}/pub;
index index.php;
charset utf-8;
add_header X-Content-Type-Options nosniff always;
add_header X-Frame-Options SAMEORIGIN always;

# Files and folders that are nobody's business, whatever the method.
location ~ /\.(?!well-known/) {
    return 404;
}
location ~* ^/(setup|update|errors/.*\.(xml|phtml)$|cron\.php) {
    return 404;
}

# Only these scripts are ever run.
location ~ ^/(index|get|static|errors/report|errors/404|errors/503|health_check)\.php$ {
    include fastcgi.conf;
}
location ~* \.(php|phtml|phar|inc)(/|$) {
    return 404;
}

location / {
    try_files $uri /index.php$is_args$args;
}

# Static content of the build. The version in the URL only defeats old browser caches; it is not a folder.
location ^~ /static/ {
    location ~ ^/static/version\d+/ {
        rewrite ^/static/version\d+/(.*)$ /static/$1 last;
    }
    location ~* (\.(php|phtml|phar|inc)$|/\.) {
        return 404;
    }
    location ~* \.(zip|gz|gzip|bz2|csv|xml)$ {
        add_header Cache-Control "no-store";
        add_header X-Content-Type-Options nosniff always;
        add_header X-Frame-Options SAMEORIGIN always;
    }
    location ~ /sw\.js$ {
        add_header Cache-Control "no-cache";
        add_header X-Content-Type-Options nosniff always;
        add_header Service-Worker-Allowed "/";
    }
    add_header Cache-Control "public, max-age=31536000";
    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options SAMEORIGIN always;
    {{- if .Values.web.allowFontsFrom }}
    add_header Access-Control-Allow-Origin {{ .Values.web.allowFontsFrom | quote }};
    {{- end }}
}

location ^~ /media/ {
    # Uploads of customers, files for sale, imports: never by their URL. These stand outside the location that serves, whose error_page
    # would hand them to get.php.
    location ~* ^/media/(customer|downloadable|import|custom_options|tmp)/ {
        return 404;
    }
    location ~* ^/media/theme_customization/.*\.xml$ {
        return 404;
    }
    location ~* (\.(php|phtml|phar|inc|html?|shtml)$|/\.) {
        return 404;
    }
    location ~ ^/media/ {
        if ($request_method !~ ^(GET|HEAD)$) {
            return 405;
        }
        set $media_args $args;
        add_header Cache-Control "public, max-age=31536000";
        add_header X-Content-Type-Options nosniff always;
        add_header X-Frame-Options SAMEORIGIN always;
        {{- if eq .Values.media.mode "volume" }}
        # An image that was never resized is made by get.php.
        try_files $uri @media;
        {{- else if eq .Values.media.s3.serve "bucket" }}
        # From the bucket; what is missing there (an image never resized) is made by get.php.
        set $bucket "{{ include "magento.s3.host" . }}";
        resolver {{ .Values.web.resolver }} valid=60s;
        resolver_timeout 5s;
        rewrite ^/media/(.*)$ {{ include "magento.s3.path" . }}/media/$1? break;
        proxy_pass {{ (urlParse .Values.media.s3.endpoint).scheme }}://$bucket;
        proxy_http_version 1.1;
        proxy_pass_request_headers off;
        proxy_set_header Host $bucket;
        proxy_set_header Connection "";
        proxy_set_header If-None-Match $http_if_none_match;
        proxy_set_header If-Modified-Since $http_if_modified_since;
        proxy_set_header Range $http_range;
        proxy_ssl_server_name on;
        proxy_ssl_name {{ include "magento.s3.host" . | splitList ":" | first }};
        proxy_ssl_verify on;
        proxy_ssl_trusted_certificate {{ .Values.media.s3.caFile }};
        proxy_ssl_verify_depth 4;
        proxy_hide_header Set-Cookie;
        proxy_hide_header Cache-Control;
        proxy_hide_header Expires;
        proxy_hide_header x-amz-request-id;
        proxy_hide_header x-amz-id-2;
        proxy_connect_timeout 5s;
        proxy_read_timeout 30s;
        proxy_intercept_errors on;
        error_page 403 404 = @media;
        {{- else }}
        # Everything through get.php, which reads the bucket with the store's own key.
        error_page 418 = @media;
        return 418;
        {{- end }}
    }
}
location @media {
    set $args $media_args;
    rewrite ^ /get.php break;
    include fastcgi.conf;
}
{{ end }}

{{- define "magento.s3.host" -}}
{{- $url := urlParse .Values.media.s3.endpoint -}}
{{ ternary $url.host (printf "%s.%s" .Values.media.s3.bucket $url.host) .Values.media.s3.pathStyle }}
{{- end }}

{{- define "magento.s3.path" -}}
{{- if .Values.media.s3.pathStyle }}/{{ .Values.media.s3.bucket }}{{ end }}{{ with .Values.media.s3.prefix }}/{{ . }}{{ end -}}
{{- end }}

{{- define "magento.nginx.fastcgi" -}}
# Rendered by the chart: one request to PHP.
fastcgi_pass fpm;
fastcgi_index index.php;
fastcgi_connect_timeout 5s;
fastcgi_send_timeout {{ include "magento.timeout.nginx" . }}s;
fastcgi_read_timeout {{ include "magento.timeout.nginx" . }}s;
# All response headers must fit one buffer: the cache tags of a big category and the content security policy do.
fastcgi_buffer_size 128k;
fastcgi_buffers 16 64k;
fastcgi_busy_buffers_size 256k;
fastcgi_hide_header X-Powered-By;
fastcgi_param MAGE_RUN_CODE $mage_run_code;
fastcgi_param MAGE_RUN_TYPE $mage_run_type;
fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
fastcgi_param SCRIPT_NAME $fastcgi_script_name;
fastcgi_param DOCUMENT_ROOT $document_root;
fastcgi_param DOCUMENT_URI $document_uri;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param SERVER_PROTOCOL $server_protocol;
fastcgi_param REQUEST_SCHEME $scheme;
fastcgi_param GATEWAY_INTERFACE CGI/1.1;
fastcgi_param SERVER_SOFTWARE nginx;
fastcgi_param REMOTE_ADDR $remote_addr;
fastcgi_param REMOTE_PORT $remote_port;
fastcgi_param SERVER_ADDR $server_addr;
fastcgi_param SERVER_PORT $magento_port;
fastcgi_param SERVER_NAME $host;
fastcgi_param HTTPS $magento_https if_not_empty;
# A client must not choose PHP's proxy (httpoxy).
fastcgi_param HTTP_PROXY "";
{{ end }}
