#!/bin/sh
# Fuzzes one target for some seconds: run.sh content|cmap|file [seconds]
set -eu
cd "$(dirname "$0")"
# The crates are those that the program is built with.
cp ../../Cargo.lock Cargo.lock
python3 -B seeds.py
cd ..
exec nice cargo +nightly fuzz run --sanitizer none --release "$1" -- \
    -max_total_time="${2:-600}" -max_len=32768 -timeout=10 -rss_limit_mb=1024 -dict=fuzz/pdf.dict
