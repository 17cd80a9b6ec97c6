#!/usr/bin/env bash
# Compares what everybody sees with a simple model of what was granted: WORLDS nodes by chance (default 500), from SEED where one is given, as a failure prints it.
set -eu
cd "$(dirname "$0")/.."
export INDELIBLE_ACCESS_WORLDS="${1:-500}" INDELIBLE_ACCESS_SEED="${2:-}"
dotnet build test/Indelible.Server.Tests -c Release -v q --nologo
exec test/Indelible.Server.Tests/bin/Release/net10.0/Indelible.Server.Tests -noColor -showLiveOutput -method "*Everybody_sees_exactly_what_was_granted_to_him"
