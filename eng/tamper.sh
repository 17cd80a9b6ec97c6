#!/usr/bin/env bash
# Alters every bit of every file of a small data folder, one at a time: verification must never call the result valid. The long form of the tamper matrix.
set -eu
cd "$(dirname "$0")/.."
dotnet build test/Indelible.Verification.Tests -c Release -v q --nologo
INDELIBLE_TAMPER=all exec test/Indelible.Verification.Tests/bin/Release/net10.0/Indelible.Verification.Tests -noColor -class "*TamperTests"
