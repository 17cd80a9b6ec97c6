#!/usr/bin/env bash
# Runs the seeded simulation of a node: SEEDS lives (default 10,000) from seed FIRST (default 1). A failing seed is printed; run it alone with: eng/simulate.sh 1 SEED
set -eu
cd "$(dirname "$0")/.."
export INDELIBLE_SIMULATION_SEEDS="${1:-10000}" INDELIBLE_SIMULATION_FIRST="${2:-1}"
dotnet build test/Indelible.Simulation -c Release -v q --nologo
exec test/Indelible.Simulation/bin/Release/net10.0/Indelible.Simulation -noColor -showLiveOutput -method "*Whatever_a_seed_does_to_a_node_every_promise_is_kept"
