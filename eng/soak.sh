#!/usr/bin/env bash
# Kills the server under load many times and checks every receipt after each start: the long form of the kill test.
# A folder lives for 100 rounds, then another begins, with the next seed.
#   INDELIBLE_KILL_ROUNDS=1000 INDELIBLE_KILL_SEED=1 eng/soak.sh
set -eu
cd "$(dirname "$0")/.."
rounds="${INDELIBLE_KILL_ROUNDS:-1000}" seed="${INDELIBLE_KILL_SEED:-1}"
dotnet build test/Indelible.BlackBox.Tests -c Release -v q --nologo
while [ "$rounds" -gt 0 ]; do
    life=$((rounds < 100 ? rounds : 100))
    INDELIBLE_KILL_ROUNDS="$life" INDELIBLE_KILL_SEED="$seed" \
        test/Indelible.BlackBox.Tests/bin/Release/net10.0/Indelible.BlackBox.Tests -noColor -method "*Everything_acknowledged_survives_kills_under_load"
    rounds=$((rounds - life)) seed=$((seed + 1))
done
echo "Every round passed; the last seed was $((seed - 1))."
