<?php
/**
 * Asks PHP-FPM for one page over FastCGI, for probes: the kubelet cannot speak it.
 *
 * Usage: fpm-check.php PORT PATH [TEXT]
 * Exit 0 when the answer's status is 200 and TEXT, if given, is in its body; 1 otherwise, with one line of reason.
 * Environment: CHECK_HOST (Host header), CHECK_ROOT (document root), CHECK_TIMEOUT (seconds).
 */

declare(strict_types=1);

function fail(string $reason): never
{
    fwrite(STDERR, $reason . "\n");
    exit(1);
}

/** One FastCGI record: version 1, type, request id 1. */
function record(int $type, string $content): string
{
    return pack('CCnnCC', 1, $type, 1, strlen($content), 0, 0) . $content;
}

function size(int $length): string
{
    return $length < 128 ? chr($length) : pack('N', $length | 0x80000000);
}

/** Reads exactly $length bytes; '' at the end of the stream or when time is up. */
function take($socket, int $length): string
{
    $data = '';
    while (strlen($data) < $length) {
        $part = fread($socket, $length - strlen($data));
        if ($part === false || $part === '') {
            return '';
        }
        $data .= $part;
    }
    return $data;
}

if ($argc < 3) {
    fail('usage: fpm-check.php PORT PATH [TEXT]');
}
[, $port, $uri] = $argv;
$text = $argv[3] ?? '';
$host = getenv('CHECK_HOST') ?: 'localhost';
$root = getenv('CHECK_ROOT') ?: '/var/www/html';
$timeout = (int) (getenv('CHECK_TIMEOUT') ?: 5);
$script = str_starts_with($uri, '/fpm-') ? (string) parse_url($uri, PHP_URL_PATH) : '/index.php';

$socket = @stream_socket_client('tcp://127.0.0.1:' . $port, $code, $message, $timeout);
if ($socket === false) {
    fail("port $port: $message");
}
stream_set_timeout($socket, $timeout);

$params = '';
foreach (
    [
        'GATEWAY_INTERFACE' => 'CGI/1.1',
        'REQUEST_METHOD' => 'GET',
        'SCRIPT_NAME' => $script,
        'SCRIPT_FILENAME' => str_starts_with($uri, '/fpm-') ? $script : $root . '/pub' . $script,
        'DOCUMENT_ROOT' => $root . '/pub',
        'REQUEST_URI' => $uri,
        'QUERY_STRING' => (string) parse_url($uri, PHP_URL_QUERY),
        'SERVER_PROTOCOL' => 'HTTP/1.1',
        'SERVER_NAME' => $host,
        'SERVER_PORT' => '443',
        'HTTPS' => 'on',
        'HTTP_HOST' => $host,
        'HTTP_X_FORWARDED_PROTO' => 'https',
        'HTTP_USER_AGENT' => 'fpm-check',
        'REMOTE_ADDR' => '127.0.0.1',
    ] as $name => $value
) {
    $params .= size(strlen($name)) . size(strlen($value)) . $name . $value;
}
// Begin (responder, close when done), parameters, empty body.
fwrite($socket, record(1, pack('nCx5', 1, 0)) . record(4, $params) . record(4, '') . record(5, ''));

$output = '';
$ended = false;
while (!$ended && ($header = take($socket, 8)) !== '') {
    $fields = unpack('Cversion/Ctype/nid/nlength/Cpadding', $header);
    $content = take($socket, $fields['length'] + $fields['padding']);
    if ($fields['type'] === 6) {
        $output .= substr($content, 0, $fields['length']);
    }
    $ended = $fields['type'] === 3;
}
if (!$ended) {
    fail("no complete answer within $timeout s");
}
[$head, $body] = explode("\r\n\r\n", $output, 2) + [1 => ''];
$status = preg_match('/^Status:\s*(\d+)/mi', $head, $match) ? (int) $match[1] : 200;
if ($status !== 200) {
    fail("status $status");
}
if ($text !== '' && !str_contains($body, $text)) {
    fail('the answer lacks ' . $text . ': ' . substr(preg_replace('/\s+/', ' ', $body), 0, 200));
}
