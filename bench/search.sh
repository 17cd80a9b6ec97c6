#!/usr/bin/env bash
# Compares the search with SQLite, DuckDB and PostgreSQL on the same events and writes bench/results/search-latest.md. Arguments go to the comparison:
#   bench/search.sh                                          # a million events, three rounds, some 20 minutes
#   bench/search.sh --events 1000000 10000000                # and ten million, with a table of how ours grows; some hours, 40 GB of disk
#   bench/search.sh --engines http sqlite --events 200000    # the whole product over HTTP
set -euo pipefail
cd "$(dirname "$0")/.."
output="${SEARCH_RESULTS:-bench/results/search-latest.md}"
dotnet build -c Release bench/Indelible.SearchBench/Indelible.SearchBench.csproj -v q --nologo
mkdir -p "$(dirname "$output")"
exec bench/Indelible.SearchBench/bin/Release/net10.0/Indelible.SearchBench \
    --indelible src/Indelible.Cli/bin/Release/net10.0/indelible --output "$output" "$@"
