#!/usr/bin/env bash
# Fuzzes the parsers of foreign bytes.
#   eng/fuzz.sh                                      every target, 10^7 executions each (slow ones their part of it), seed 1
#   eng/fuzz.sh TARGET|all [EXECUTIONS] [SEED]
#   eng/fuzz.sh again TARGET FILE                    one input once more
#   eng/fuzz.sh list
#   eng/fuzz.sh coverage TARGET [SECONDS]            guided by coverage: afl-fuzz (Debian: afl++) on assemblies that SharpFuzz has instrumented
# Prints a line for each target; inputs that break a promise are kept in $FUZZ_FINDS (default: artifacts/fuzz). Exits non-zero where there was one.
set -eu
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
finds="${FUZZ_FINDS:-artifacts/fuzz}"
dotnet build test/Indelible.Fuzz -c Release -v q --nologo >&2
out=test/Indelible.Fuzz/bin/Release/net10.0

case "${1:-all}" in
  list) exec "$out/Indelible.Fuzz" fuzz list ;;
  again) exec "$out/Indelible.Fuzz" fuzz again "$2" "$3" ;;
  coverage) ;;
  *) exec "$out/Indelible.Fuzz" fuzz run "${1:-all}" "${2:-10000000}" "${3:-1}" "$finds" ;;
esac

target="$2"; seconds="${3:-600}"
command -v afl-fuzz >/dev/null || { echo "afl-fuzz is missing (Debian: apt-get install afl++)." >&2; exit 2; }
dotnet tool restore >/dev/null || { echo "The tool sharpfuzz could not be restored (.config/dotnet-tools.json)." >&2; exit 2; }
work="$finds/$target.afl"
rm -rf "$work"; mkdir -p "$work"
cp -r "$out" "$work/program"
for assembly in Indelible Indelible.Keys Indelible.Events Indelible.Engine Indelible.Search Indelible.Verification Indelible.Server Indelible.Cli; do
  dotnet tool run sharpfuzz "$work/program/$assembly.dll" || { echo "$assembly could not be instrumented." >&2; exit 2; }
done
"$out/Indelible.Fuzz" fuzz seeds "$target" "$work/in"

# The program is started by the runtime's host, which AFL does not know as instrumented; one core may be shared.
export AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
afl-fuzz -i "$work/in" -o "$work/out" -t 20000 -m none -V "$seconds" -- "$work/program/Indelible.Fuzz" afl "$target" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 2; }
stat() { sed -n "s/^$1 *: //p" "$work/out/default/fuzzer_stats"; }
crashes="$(stat saved_crashes)"; hangs="$(stat saved_hangs)"
printf '%-20s %11s executions by coverage, %s/s, %s inputs that reach more, %s finds, %s hangs\n' \
  "$target" "$(stat execs_done)" "$(stat execs_per_sec)" "$(stat corpus_found)" "$crashes" "$hangs"
[ "$crashes" = 0 ] && [ "$hangs" = 0 ] || { ls "$work"/out/default/crashes "$work"/out/default/hangs; exit 1; }
