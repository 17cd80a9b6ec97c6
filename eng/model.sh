#!/usr/bin/env bash
# Explores the protocol model within large bounds and prints its counts: minutes, and some gigabytes of memory. The long form of the model's tests.
#   eng/model.sh                 the large bounds
#   eng/model.sh 4,1,1           events, how often one is sent again, crashes: for every part of the model
#   eng/model.sh large one_machine   only the parts whose names contain this
set -eu
cd "$(dirname "$0")/.."
dotnet build test/Indelible.Simulation -c Release -v q --nologo
INDELIBLE_MODEL_BOUNDS="${1:-large}" exec test/Indelible.Simulation/bin/Release/net10.0/Indelible.Simulation -noColor -showLiveOutput -class "*ProtocolTests" ${2:+-method "*$2*"}
