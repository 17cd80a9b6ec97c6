#!/usr/bin/env bash
# The search over a hundred million events, once: ours alone, for what the peers would take (70 to 110 GB each, and days to load).
# Needs some 40 GB of disk below FOLDER (default: the system's temporary folder) and an hour or two. Writes bench/results/search-100m.md.
#   eng/search-100m.sh [FOLDER] [--engines indelible duckdb …]
set -eu
cd "$(dirname "$0")/.."
folder="${1:-${TMPDIR:-/tmp}}"
[ $# = 0 ] || shift
free="$(df --output=avail -BG "$folder" | tail -1 | tr -dc 0-9)"
if [ "$free" -lt 40 ]; then echo "$folder has $free GB free; 40 are needed." >&2; exit 1; fi
SEARCH_RESULTS=bench/results/search-100m.md exec bench/search.sh --events 100000000 --rounds 1 --engines indelible --folder "$folder" "$@"
