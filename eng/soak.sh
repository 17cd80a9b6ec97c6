#!/usr/bin/env bash
# Kills the server under load many times and checks every receipt after each start: the long form of the kill test.
#   INDELIBLE_KILL_ROUNDS=1000 INDELIBLE_KILL_SEED=1 eng/soak.sh
set -eu
cd "$(dirname "$0")/.."
export INDELIBLE_KILL_ROUNDS="${INDELIBLE_KILL_ROUNDS:-1000}" INDELIBLE_KILL_SEED="${INDELIBLE_KILL_SEED:-1}"
dotnet build test/Indelible.BlackBox.Tests -c Release -v q --nologo
exec test/Indelible.BlackBox.Tests/bin/Release/net10.0/Indelible.BlackBox.Tests -noColor -method "*Everything_acknowledged_survives_kills_under_load"
