{{/* The store's VCL, for Varnish 7.x. Listeners are told apart by name:
     http     the edge, which sets X-Forwarded-For and X-Forwarded-Proto
     proxy    a load balancer that speaks the PROXY protocol (optional)
     private  the store's own PHP pods (purges) and the kubelet; closed to all others by the network policy */}}
{{- define "magento.vcl" -}}
# Rendered by the chart.
vcl 4.1;

import std;
{{- if .Values.varnish.proxyProtocol }}
import proxy;
{{- end }}

backend default {
    .host = "{{ .Values.varnish.backend.host | default (printf "%s-web" (include "magento.fullname" .)) }}";
    .port = "{{ int .Values.varnish.backend.port }}";
    .connect_timeout = 5s;
    .first_byte_timeout = {{ include "magento.timeout.varnish" . }}s;
    .between_bytes_timeout = {{ include "magento.timeout.varnish" . }}s;
    # Generous: a sick backend means stale pages for all and no checkout, so a slow minute must not count. {{ int .Values.varnish.probe.failures }} misses in a row do.
    .probe = {
        .request =
            "GET {{ .Values.varnish.probe.path }} HTTP/1.1"
            "Host: {{ include "magento.primaryDomain" . }}"
            "X-Forwarded-Proto: https"
            "User-Agent: varnish-probe"
            "Connection: close";
        .interval = {{ int .Values.varnish.probe.intervalSeconds }}s;
        .timeout = {{ int .Values.varnish.probe.timeoutSeconds }}s;
        .window = {{ int .Values.varnish.probe.failures }};
        .threshold = 1;
        .initial = 1;
    }
}

# Who still gets in while maintenance is on.
acl maintenance_guests {
    {{- range .Values.maintenance.allow }}
    {{- $parts := splitList "/" . }}
    "{{ first $parts }}"{{ if gt (len $parts) 1 }}/{{ last $parts }}{{ end }};
    {{- end }}
}

sub vcl_recv {
    # Set by this file only.
    unset req.http.X-Storeyard-Client;
    if (req.restarts == 0) {
        unset req.http.X-Storeyard-Stale;
    }

    if (local.socket == "private") {
        if (req.method == "PURGE") {
            call purge_tags;
        }
        if (req.url == "/healthz") {
            return (synth(200, "OK"));
        }
        return (synth(404, "Not Found"));
    }
    {{- if .Values.varnish.proxyProtocol }}
    if (local.socket == "proxy") {
        # Nothing before us spoke HTTP: what the client says about itself counts for nothing.
        set req.http.X-Storeyard-Client = client.ip;
        set req.http.X-Forwarded-For = client.ip;
        if (proxy.is_ssl()) {
            set req.http.X-Forwarded-Proto = "https";
        } else {
            set req.http.X-Forwarded-Proto = "http";
        }
    } else {
        call forwarded_client;
    }
    {{- else }}
    call forwarded_client;
    {{- end }}
    unset req.http.X-Forwarded-Host;
    unset req.http.X-Original-URL;
    unset req.http.X-Rewrite-URL;
    unset req.http.Forwarded;
    unset req.http.Proxy;

    if (req.method == "PURGE") {
        return (synth(405, "Method Not Allowed"));
    }
    # The switch is a file of a ConfigMap that the kubelet keeps up to date: no roll-out, no lost cache.
    if (std.file_exists("/etc/varnish-switch/maintenance") && std.ip(req.http.X-Storeyard-Client, "0.0.0.0", resolve = false) !~ maintenance_guests) {
        return (synth(503, "Maintenance"));
    }
    if (req.method !~ "^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$") {
        return (synth(405, "Method Not Allowed"));
    }
    # For probes from inside only.
    if (req.url ~ "^/(pub/)?health_check\.php") {
        return (synth(404, "Not Found"));
    }

    set req.http.Host = std.tolower(regsub(req.http.Host, ":[0-9]+$", ""));
    set req.url = regsub(req.url, "^https?://[^/]+", "");

    # Files are nginx's: it has them at hand, the cache's memory is for pages.
    if (req.url ~ "^/(pub/)?(media|static)/") {
        unset req.http.Cookie;
        unset req.http.Authorization;
        return (pass);
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.url ~ "^/(customer|checkout|rest|soap)(/|$|\?)") {
        return (pass);
    }

    # Campaign marks change nothing on the page; the browser keeps them, the cache key does not.
    if (req.url ~ "[?&]({{ join "|" .Values.varnish.stripParameters }})=") {
        set req.url = regsuball(req.url, "([?&])({{ join "|" .Values.varnish.stripParameters }})=[^&]*", "\1");
        set req.url = regsuball(req.url, "&{2,}", "&");
        set req.url = regsub(req.url, "\?&", "?");
        set req.url = regsub(req.url, "[?&]$", "");
    }
    set req.url = std.querysort(req.url);

    if (req.url ~ "^/graphql") {
        # Without a cache id Magento cannot tell whose answer this is.
        if (req.http.Authorization ~ "(?i)^Bearer" && !req.http.X-Magento-Cache-Id) {
            return (pass);
        }
    } elsif (req.http.Authorization) {
        return (pass);
    }

    std.collect(req.http.Cookie, "; ");
    # How stale a page may be: a little while Magento works and is asked in the background, up to beresp.grace while it is down.
    if (std.healthy(req.backend_hint) && !req.http.X-Storeyard-Stale) {
        set req.grace = {{ int .Values.varnish.graceHealthySeconds }}s;
    }
    return (hash);
}

# The client behind the edge. Varnish has appended the edge's own address to X-Forwarded-For; before it stand the entries of
# {{ int .Values.varnish.trustedHops }} trusted proxies, of which the outermost wrote the client's. What a client writes itself stands further left.
sub forwarded_client {
    set req.http.X-Storeyard-Client = regsub(req.http.X-Forwarded-For,
        "^(?:.*,)?\s*([^,\s]+)\s*(?:,[^,]*){{ printf "{%d}" (int .Values.varnish.trustedHops) }}$", "\1");
    if (req.http.X-Storeyard-Client !~ "^[0-9a-fA-F.:]+$") {
        set req.http.X-Storeyard-Client = client.ip;
    }
}

# Magento sends X-Magento-Tags-Pattern or X-Pool. One Varnish serves one store, so a ban never touches another's pages.
sub purge_tags {
    if (!req.http.X-Magento-Tags-Pattern && !req.http.X-Pool) {
        return (synth(400, "X-Magento-Tags-Pattern or X-Pool header required"));
    }
    # A blank would start a second condition.
    if (req.http.X-Magento-Tags-Pattern ~ "[\s\x22]" || req.http.X-Pool ~ "[\s\x22]") {
        return (synth(400, "Malformed pattern"));
    }
    # On obj.* only, so that the ban lurker can work bans off.
    if (req.http.X-Magento-Tags-Pattern) {
        if (!std.ban("obj.http.X-Magento-Tags ~ " + req.http.X-Magento-Tags-Pattern)) {
            return (synth(400, std.ban_error()));
        }
    }
    if (req.http.X-Pool) {
        if (!std.ban("obj.http.X-Pool ~ " + req.http.X-Pool)) {
            return (synth(400, std.ban_error()));
        }
    }
    return (synth(200, "Purged"));
}

sub vcl_hash {
    hash_data(req.url);
    if (req.http.Host) {
        hash_data(req.http.Host);
    } else {
        hash_data(server.ip);
    }
    hash_data(req.http.X-Forwarded-Proto);
    # Currency, customer group, store view: whatever makes the page differ.
    if (req.http.Cookie ~ "X-Magento-Vary=") {
        hash_data(regsub(req.http.Cookie, "^.*?X-Magento-Vary=([^;]+);*.*$", "\1"));
    }
    if (req.url ~ "^/graphql") {
        if (req.http.X-Magento-Cache-Id) {
            hash_data(req.http.X-Magento-Cache-Id);
            # Logged in or not, with the same id, are two answers.
            if (req.http.Authorization ~ "(?i)^Bearer") {
                hash_data("authorized");
            }
        }
        hash_data("store:" + req.http.Store);
        hash_data("currency:" + req.http.Content-Currency);
    }
    return (lookup);
}

sub vcl_backend_fetch {
    unset bereq.http.X-Storeyard-Client;
}

sub vcl_backend_response {
    # A page in hand is better than an error: it stays when the background fetch fails; and when it is older than the healthy grace,
    # vcl_synth asks once more for it, however stale.
    if (beresp.status >= 500 && (bereq.is_bgfetch || (!bereq.uncacheable && !bereq.http.X-Storeyard-Stale))) {
        return (abandon);
    }
    if (bereq.uncacheable) {
        return (deliver);
    }
    if (beresp.http.Content-Type ~ "(?i)^text/(html|xml)") {
        set beresp.do_esi = true;
    }
    if (!beresp.http.Content-Encoding && beresp.http.Content-Type ~ "(?i)(^text/|json|javascript|xml)") {
        set beresp.do_gzip = true;
    }
    if (beresp.status >= 500) {
        # Never kept, and never a reason to fetch one after the other.
        set beresp.uncacheable = true;
        set beresp.ttl = 1s;
        return (deliver);
    }
    # GraphQL: the answer is for another id than the request came with. Stored under this key it would never be right.
    if (bereq.url ~ "^/graphql" && bereq.http.X-Magento-Cache-Id && bereq.http.X-Magento-Cache-Id != beresp.http.X-Magento-Cache-Id) {
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
        return (deliver);
    }
    if (beresp.status != 200 && beresp.status != 404) {
        set beresp.uncacheable = true;
        set beresp.ttl = 120s;
        return (deliver);
    }
    if (beresp.http.Cache-Control ~ "(?i)private") {
        set beresp.uncacheable = true;
        set beresp.ttl = 86400s;
        return (deliver);
    }
    # Without a word of Magento's nothing is everyone's: Varnish itself would keep it two minutes.
    if (beresp.ttl <= 0s || (!beresp.http.Cache-Control && !beresp.http.Expires && !beresp.http.Surrogate-Control)
        || beresp.http.Surrogate-Control ~ "(?i)no-store" || beresp.http.Vary == "*" || (!beresp.http.Surrogate-Control && beresp.http.Cache-Control ~ "(?i)no-cache|no-store")) {
        set beresp.uncacheable = true;
        set beresp.ttl = 120s;
        return (deliver);
    }
    # Whoever caused the fetch must not leave a session in everyone's page.
    unset beresp.http.Set-Cookie;
    set beresp.grace = {{ int .Values.varnish.graceSickSeconds }}s;
    set beresp.keep = 0s;
    return (deliver);
}

sub vcl_deliver {
    {{- if .Values.varnish.debugHeader }}
    if (obj.uncacheable) {
        set resp.http.X-Magento-Cache-Debug = "UNCACHEABLE";
    } elsif (obj.hits > 0) {
        set resp.http.X-Magento-Cache-Debug = "HIT";
    } else {
        set resp.http.X-Magento-Cache-Debug = "MISS";
    }
    {{- else }}
    unset resp.http.X-Magento-Cache-Debug;
    {{- end }}
    # The cache here is ours to empty, the browser's is not.
    if (resp.http.Cache-Control !~ "(?i)private" && req.url !~ "^/(pub/)?(media|static)/") {
        set resp.http.Pragma = "no-cache";
        set resp.http.Expires = "-1";
        set resp.http.Cache-Control = "no-store, no-cache, must-revalidate, max-age=0";
    }
    unset resp.http.Age;
    unset resp.http.X-Magento-Tags;
    unset resp.http.X-Pool;
    unset resp.http.X-Powered-By;
    unset resp.http.X-Varnish;
    unset resp.http.Server;
    unset resp.http.Via;
    return (deliver);
}

sub vcl_synth {
    if (resp.status == 503 && resp.reason != "Maintenance" && req.restarts == 0 && (req.method == "GET" || req.method == "HEAD")) {
        set req.http.X-Storeyard-Stale = "1";
        return (restart);
    }
    if (resp.reason == "Maintenance") {
        set resp.http.Retry-After = "{{ int .Values.maintenance.retryAfterSeconds }}";
        set resp.http.Cache-Control = "no-store";
        if (req.http.Accept ~ "json" || req.url ~ "^/(rest|graphql)") {
            set resp.http.Content-Type = "application/json";
            synthetic({"{ "message": "The shop is closed for maintenance." }"});
        } else {
            set resp.http.Content-Type = "text/html; charset=utf-8";
            synthetic(std.fileread("/etc/varnish-store/maintenance.html"));
        }
        return (deliver);
    }
    set resp.http.Content-Type = "text/plain; charset=utf-8";
    synthetic(resp.status + " " + resp.reason + {"
"});
    return (deliver);
}

sub vcl_backend_error {
    set beresp.http.Content-Type = "text/plain; charset=utf-8";
    set beresp.http.Retry-After = "5";
    set beresp.http.Cache-Control = "no-store";
    synthetic({"503 The shop is busy. Please try again.
"});
    return (deliver);
}
{{ end }}
