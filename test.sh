#!/usr/bin/env bash
# Installs what the tests need, builds everything, runs every test.
# The last line is the plain total: "N passed, N failed, N skipped". Exits non-zero on any failure, and when fewer tests ran than expected.
set -u -o pipefail
cd "$(dirname "$0")"

say() { printf '%s\n' "$*"; }
stop() { say "$1"; say "0 passed, 1 failed, 0 skipped"; exit 1; }

command -v dotnet >/dev/null || stop "The .NET SDK 10 is needed: https://dotnet.microsoft.com/download"
dotnet --list-sdks | grep -q '^10\.' || stop "The .NET SDK 10 is needed; found: $(dotnet --list-sdks | tr '\n' ' ')"

# need PACKAGES CHECK…: installs Debian's PACKAGES where CHECK fails. False where it fails still.
need() {
  local packages="$1" as_root=""; shift
  if "$@" >/dev/null 2>&1; then return 0; fi
  if [ "$(id -u)" != 0 ]; then as_root="$(command -v sudo || true)"; fi
  if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || [ -n "$as_root" ]; }; then
    say "Installing $packages …"
    # shellcheck disable=SC2086 # they are several words
    { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $packages; } >/dev/null 2>&1
  fi
  "$@" >/dev/null 2>&1
}

has_go() { command -v go && [ -d /usr/share/gocode/src/golang.org/x/mod/sumdb ]; }
has_postgres() { ls /usr/lib/postgresql/*/bin/initdb; }
has_rsyslog() { [ -x /usr/sbin/rsyslogd ] && find /usr/lib -name lmnsd_gtls.so 2>/dev/null | grep -q .; }
has_node() { command -v node && command -v npm; }
has_chromium() { [ -x /usr/bin/chromium ]; }
has_smtp() { /usr/bin/python3 -c 'import aiosmtpd'; }

# The page is built with Node.js (18 or newer): without it nothing can be. What else is missing, its tests are skipped for, and say so:
# a checker in Go on Go's own transparency-log library, the sample application's database, a receiver of syslog over TLS, a browser, a mail server.
need "nodejs npm" has_node || stop "Node.js 18 or newer and npm are needed to build the page, and could not be installed."
need "golang-go golang-golang-x-mod-dev" has_go || say "There is no Go with golang.org/x/mod: the tests of the outside checker are skipped."
need "postgresql" has_postgres || say "There is no PostgreSQL: the tests of the sample application are skipped."
need "rsyslog rsyslog-gnutls" has_rsyslog || say "There is no rsyslog with GnuTLS: the tests of syslog are skipped."
need "chromium" has_chromium || say "There is no chromium: the tests of the page in a browser are skipped."
need "python3-aiosmtpd" has_smtp || say "There is no aiosmtpd: the tests of mail are skipped."

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
say "Building …"
log="$(mktemp)"
dotnet restore Indelible.slnx --locked-mode -v q >"$log" 2>&1 || { cat "$log"; stop "The packages could not be restored."; }
dotnet build Indelible.slnx -c Release --no-restore -v q >"$log" 2>&1 || { grep -E 'error|warning' "$log" | sort -u | head -50; stop "The build failed."; }

# The format is looked at beside the tests, many of which wait for other processes.
format=""; format_log="$(mktemp)"
if [ "${SKIP_FORMAT:-}" = "" ]; then dotnet format Indelible.slnx --no-restore --verify-no-changes -v q >"$format_log" 2>&1 & format=$!; fi

passed=0; failed=0; skipped=0; data_passed=0; data_failed=0; broken=0

# run PROJECT FILTER…: runs a test program and adds to $p, $f and $s.
run() {
  local program="test/$1/bin/Release/net10.0/$1"; shift
  p=0; f=0; s=0
  timeout -k 30 900 "$program" -noColor "$@" >"$log" 2>&1; local code=$?
  local line total errors
  line="$(grep -E 'Total: [0-9]+' "$log" | tail -1)"
  if [ -z "$line" ]; then cat "$log"; say "$program ended with $code and no summary."; broken=1; f=1; return; fi
  total="$(sed -E 's/.*Total: ([0-9]+).*/\1/' <<<"$line")"
  errors="$(sed -E 's/.*Errors: ([0-9]+).*/\1/' <<<"$line")"
  f="$(sed -E 's/.*Failed: ([0-9]+).*/\1/' <<<"$line")"; f=$((f + errors))
  s="$(sed -E 's/.*Skipped: ([0-9]+).*/\1/' <<<"$line")"
  p=$((total - f - s))
  if [ "$f" != 0 ] || [ "$code" -gt 1 ]; then cat "$log"; fi
  if [ "$code" != 0 ] && [ "$f" = 0 ]; then broken=1; f=1; fi
  grep -E '\[SKIP\]' "$log" || true
}

for project in test/*/*.csproj; do
  name="$(basename "$project" .csproj)"
  since=$SECONDS
  # Tests of the command and the server as processes wait for these most of the time: more of them than there are cores.
  if [ "$name" = Indelible.BlackBox.Tests ]; then more=(-maxThreads $((2 * $(nproc)))); else more=(); fi
  run "$name" -trait- "Needs=shared-data" "${more[@]}"
  say "$(printf '%-28s %5d passed, %d failed, %d skipped in %d s' "$name" "$p" "$f" "$s" $((SECONDS - since)))"
  passed=$((passed + p)); failed=$((failed + f)); skipped=$((skipped + s))
  if grep -rqs --include='*.cs' '"Needs", "shared-data"' "test/$name"; then
    run "$name" -trait "Needs=shared-data"
    data_passed=$((data_passed + p)); data_failed=$((data_failed + f))
  fi
done

# What of the page needs no browser: its proofs, its URLs, its editing of queries. The build above installed what they need.
since=$SECONDS
page="$(mktemp)"
npm --prefix web test --silent -- --reporter=json --outputFile="$page" >"$log" 2>&1; code=$?
read -r p f s < <(node -p 'const r = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")); `${r.numPassedTests} ${r.numFailedTests} ${r.numPendingTests + r.numTodoTests}`' "$page" 2>/dev/null) || { p=0; f=1; s=0; }
if [ "$code" != 0 ] && [ "$f" = 0 ]; then broken=1; f=1; fi
if [ "$f" != 0 ]; then cat "$log"; fi
say "$(printf '%-28s %5d passed, %d failed, %d skipped in %d s' web "$p" "$f" "$s" $((SECONDS - since)))"
passed=$((passed + p)); failed=$((failed + f)); skipped=$((skipped + s))
rm -f "$log" "$page"
say "Over real logs beside the repository, counted apart: $data_passed passed, $data_failed failed."

expected="$(cat eng/expected-tests)"
code=0
if [ -n "$format" ] && ! wait "$format"; then head -30 "$format_log"; say "'dotnet format' would change files."; code=1; fi
rm -f "$format_log"
if [ $((passed + skipped)) -lt "$expected" ]; then say "Only $((passed + skipped)) tests ran, fewer than the $expected expected (eng/expected-tests)."; code=1; fi
[ "$failed" = 0 ] && [ "$data_failed" = 0 ] && [ "$broken" = 0 ] || code=1
say "$passed passed, $failed failed, $skipped skipped"
exit $code
