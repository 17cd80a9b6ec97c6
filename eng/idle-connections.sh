#!/usr/bin/env bash
# Opens ten thousand connections that ask for nothing, and says what they cost the server and whether others are still answered.
# Server and client are two processes; each needs as many open files.
#   INDELIBLE_IDLE_CONNECTIONS=10000 eng/idle-connections.sh
set -eu
cd "$(dirname "$0")/.."
export INDELIBLE_IDLE_CONNECTIONS="${INDELIBLE_IDLE_CONNECTIONS:-10000}"
files="$(ulimit -Hn)"
if [ "$files" != unlimited ] && [ "$files" -lt $((INDELIBLE_IDLE_CONNECTIONS + 1024)) ]; then
    echo "The limit of open files is $files: too low for $INDELIBLE_IDLE_CONNECTIONS connections."
    exit 1
fi
ulimit -n "$files"
dotnet build test/Indelible.BlackBox.Tests -c Release -v q --nologo
test/Indelible.BlackBox.Tests/bin/Release/net10.0/Indelible.BlackBox.Tests -noColor -showLiveOutput -method "*Idle_connections_cost_little_and_keep_nobody_from_being_served"
