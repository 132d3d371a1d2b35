#!/bin/sh
# Runs Magento's cron every minute, as the only scheduler of its groups. Arguments go to `cron:run`.
# A run that takes longer than a minute is never joined by a second one. On SIGTERM the run in progress is finished first.
# Environment: PHP_MEMORY_LIMIT.
set -u
stopping=0
trap 'stopping=1' TERM INT
while [ "$stopping" -eq 0 ]; do
    php -d memory_limit="$PHP_MEMORY_LIMIT" bin/magento cron:run "$@" &
    child=$!
    # A signal ends `wait` early: wait until the run is really over.
    while kill -0 "$child" 2>/dev/null; do
        wait "$child"
        status=$?
    done
    if [ "$stopping" -eq 0 ] && [ "$status" -ne 0 ]; then
        echo "cron:run $* ended with $status" >&2
    fi
    [ "$stopping" -eq 0 ] || break
    now=$(date +%s)
    sleep "$((60 - now % 60))" &
    child=$!
    wait "$child"
    kill "$child" 2>/dev/null
done
exit 0
