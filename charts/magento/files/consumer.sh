#!/bin/sh
# Runs the queue consumers given as arguments. Environment: CONSUMER_MODE (wait or drain), CONSUMER_MAX_MESSAGES, CONSUMER_IDLE_SECONDS,
# PHP_MEMORY_LIMIT.
#
# drain: each consumer in turn empties its queue, at most CONSUMER_MAX_MESSAGES at a time. On SIGTERM the batch in hand is finished:
#        Magento itself cannot stop a consumer gracefully.
# wait:  one consumer waits for messages and is started anew after CONSUMER_MAX_MESSAGES. On SIGTERM it is stopped at once; a message
#        in hand goes back to the queue and is delivered again.
set -u
stopping=0
failures=0
child=0
stop() {
    stopping=1
    if [ "$CONSUMER_MODE" = wait ] && [ "$child" -ne 0 ]; then
        kill -TERM "$child" 2>/dev/null
    fi
}
trap stop TERM INT
# Sleeps unless a signal comes.
pause() {
    sleep "$1" &
    sleeper=$!
    wait "$sleeper"
    kill "$sleeper" 2>/dev/null
}
while [ "$stopping" -eq 0 ]; do
    for consumer in "$@"; do
        [ "$stopping" -eq 0 ] || break
        php -d memory_limit="$PHP_MEMORY_LIMIT" bin/magento queue:consumers:start "$consumer" \
            --max-messages="$CONSUMER_MAX_MESSAGES" &
        child=$!
        # A signal ends `wait` early: wait until the consumer is really over.
        while kill -0 "$child" 2>/dev/null; do
            wait "$child"
            status=$?
        done
        child=0
        [ "$stopping" -eq 0 ] || break
        if [ "$status" -eq 0 ]; then
            failures=0
            continue
        fi
        failures=$((failures + 1))
        echo "consumer $consumer ended with $status ($failures in a row)" >&2
        # Let the pod fail where everyone sees it instead of trying for ever in silence.
        [ "$failures" -lt 5 ] || exit 1
        pause 10
    done
    if [ "$CONSUMER_MODE" = drain ] && [ "$stopping" -eq 0 ]; then
        pause "$CONSUMER_IDLE_SECONDS"
    fi
done
exit 0
