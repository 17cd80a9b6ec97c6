#!/usr/bin/env bash
# Builds Release, measures, and writes bench/results/latest.md. Arguments go to the benchmarks: --rounds, --seconds, --only …
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build -c Release bench/Indelible.Benchmarks/Indelible.Benchmarks.csproj -v q --nologo
mkdir -p bench/results
dotnet run -c Release --no-build --project bench/Indelible.Benchmarks -- \
    --indelible src/Indelible.Cli/bin/Release/net10.0/indelible --output bench/results/latest.md "$@"
