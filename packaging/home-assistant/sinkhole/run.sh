#!/bin/sh
# Starts sinkhole as an ordinary user who may use port 53: the Supervisor starts this as root, and
# the folder it gives us belongs to root.
set -eu

DATA=${SINKHOLE__DATA_DIR:-/data/sinkhole}
FILE=${SINKHOLE_CONFIG:-/config/sinkhole.yaml}

mkdir -p "$DATA"
chown -R 5353:5353 "$DATA"
if [ -f "$FILE" ]; then
    export SINKHOLE_CONFIG="$FILE"
else
    unset SINKHOLE_CONFIG
fi
exec setpriv --reuid 5353 --regid 5353 --clear-groups \
    --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service \
    sinkhole run
