#!/usr/bin/env bash
# Breaks src/Indelible on purpose, one small change at a time, and tells which changes no test of test/Indelible.Tests notices.
#   eng/mutate.sh                              all of it (docs/design/mutation-testing.md says how long that takes)
#   eng/mutate.sh '**/Merkle/*.cs' …           only the files of these patterns; one that begins with ! leaves files out
# Prints a line for each survivor (file, line, column, kind, what stood there, what stood there instead) and a line for each folder;
# the whole report is left in $MUTATION_REPORTS (default: artifacts/mutation). Needs jq. Not a part of ./test.sh.
# It builds into the Debug folders and leaves changed programs there: do not use them for anything else while it runs.
set -eu
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
command -v jq >/dev/null || { echo "jq is missing (Debian: apt-get install jq)." >&2; exit 2; }
dotnet tool restore >/dev/null || { echo "The tool dotnet-stryker could not be restored (.config/dotnet-tools.json)." >&2; exit 2; }
mkdir -p "${MUTATION_REPORTS:-artifacts/mutation}"
out="$(cd "${MUTATION_REPORTS:-artifacts/mutation}" && pwd)"
patterns=()
for pattern in "$@"; do patterns+=(--mutate "$pattern"); done

# The configuration and the patterns are relative to the test project.
(cd test/Indelible.Tests && dotnet tool run dotnet-stryker -- --output "$out" ${patterns[@]+"${patterns[@]}"}) >"$out/log" 2>&1 || { tail -30 "$out/log" >&2; exit 1; }
report="$out/reports/mutation-report.json"
jq -r '.files | to_entries[] | (.key | sub(".*/src/Indelible/"; "")) as $file | (.value.source | split("\n")) as $lines | .value.mutants[]
  | select(.status == "Survived" or .status == "NoCoverage")
  | (.location) as $at
  | "\($file):\($at.start.line):\($at.start.column) \(.status) \(.mutatorName | sub(" mutation$"; "")): " + (
      if $at.start.line == $at.end.line
      then $lines[$at.start.line - 1][$at.start.column - 1:$at.end.column - 1]
      else $lines[$at.start.line - 1][$at.start.column - 1:] + " …"
      end) + " => \(.replacement // "" | gsub("\\s+"; " "))"' "$report"
jq -r '[.files | to_entries[] | (.key | sub(".*/src/Indelible/"; "")) as $file
    | {folder: (if ($file | contains("/")) then ($file | split("/")[0]) else "." end), statuses: [.value.mutants[].status]}]
  | group_by(.folder) | map({folder: .[0].folder, statuses: (map(.statuses) | add)}) | . + [{folder: "all", statuses: (map(.statuses) | add)}]
  | .[] | . as $row | def n(s): [$row.statuses[] | select(. == s)] | length;
    [$row.folder, n("Killed"), n("Timeout"), n("Survived"), n("NoCoverage")]
  | (.[1] + .[2]) as $found | (.[1] + .[2] + .[3] + .[4]) as $all | select($all > 0)
  | "\(.[0]): \(.[1]) killed, \(.[2]) timeouts, \(.[3]) survived, \(.[4]) without coverage: \(1000 * $found / $all | round / 10) %"' "$report"
