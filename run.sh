#!/usr/bin/env bash
# Builds Indelible and runs it with a demonstration log. Data stays in ./demo-data between runs; Ctrl-C stops.
# PORT chooses the port (default 7480).
set -u -o pipefail
cd "$(dirname "$0")"

PORT="${PORT:-7480}"
DEMO="demo-data"
DATA="$DEMO/log"
KEYS="$DEMO/keys.env"
URL="http://127.0.0.1:$PORT"
INDELIBLE="./indelible"

command -v dotnet >/dev/null || { echo "The .NET SDK 10 is needed: https://dotnet.microsoft.com/download"; exit 1; }
dotnet --list-sdks | grep -q '^10\.' || { echo "The .NET SDK 10 is needed; found: $(dotnet --list-sdks | tr '\n' ' ')"; exit 1; }

# The page is built with Node.js (18 or newer) and npm: Debian's own will do.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  as_root=""
  if [ "$(id -u)" != 0 ]; then as_root="$(command -v sudo || true)"; fi
  if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || [ -n "$as_root" ]; }; then
    echo "Installing nodejs and npm …"
    { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends nodejs npm; } >/dev/null 2>&1 || { echo "nodejs and npm could not be installed."; exit 1; }
  else
    echo "Node.js 18 or newer and npm are needed: https://nodejs.org"; exit 1
  fi
fi

echo "Building …"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
built="$(dotnet build src/Indelible.Cli/Indelible.Cli.csproj -c Release -v q 2>&1)" || { echo "$built"; exit 1; }

# keys.env is written last: a folder without it is a first run that did not finish, and holds nothing but the demonstration.
if [ -e "$DEMO" ] && [ ! -e "$KEYS" ]; then
  echo "The last first run was interrupted; starting over."
  rm -rf "$DATA" "$KEYS.new"
fi

first=no
if [ ! -e "$KEYS" ]; then
  first=yes
  mkdir -p "$DEMO" && chmod 700 "$DEMO"
  made="$("$INDELIBLE" init --data "$DATA" --host "localhost:$PORT" --json)" || exit 1
fi

server=""
stop() { if [ -n "$server" ]; then kill -TERM "$server" 2>/dev/null; wait "$server"; fi; exit "${1:-0}"; }
trap 'stop 0' INT TERM

"$INDELIBLE" serve --data "$DATA" --urls "$URL" --rules shipped --log-level Warning &
server=$!
ready=no
for _ in $(seq 300); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then ready=yes; break; fi
  kill -0 "$server" 2>/dev/null || { wait "$server"; exit 1; }
  sleep 0.1
done
[ "$ready" = yes ] || { echo "The server did not get ready."; stop 1; }

# value NAME: the string member NAME of the JSON on standard input, the last one of that name.
value() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"; }

if [ "$first" = yes ]; then
  admin="$(value admin_key <<<"$made")"
  vkey="$(sed -E 's/.*"name":"main","origin":"[^"]*","vkey":"([^"]*)".*/\1/' <<<"$made")"
  writer="$("$INDELIBLE" keys create --url "$URL" --key "$admin" --kind writer --log main --principal demo --json | value key)"
  reader="$("$INDELIBLE" keys create --url "$URL" --key "$admin" --kind reader --log main --log _alerts --json | value key)"
  analyst="$("$INDELIBLE" keys create --url "$URL" --key "$admin" --kind reader --role analyst --log main --log _alerts --json | value key)"
  echo "Filling the log with thirty days of a small clinic …"
  "$INDELIBLE" demo --url "$URL" --key "$writer" --log main || stop 1

  # What the rules find is there when the page is first opened.
  for _ in $(seq 60); do
    "$INDELIBLE" rules list --url "$URL" --key "$admin" | grep -q '; 0 entries behind' && break
    sleep 0.5
  done
  (
    umask 077
    {
      echo "# Made by run.sh. INDELIBLE_KEY is the reader's key; the commands take it from here."
      echo "export INDELIBLE_URL='$URL'"
      echo "export INDELIBLE_KEY='$reader'"
      echo "export INDELIBLE_WRITER_KEY='$writer'"
      echo "export INDELIBLE_ANALYST_KEY='$analyst'"
      echo "export INDELIBLE_ADMIN_KEY='$admin'"
      echo "export INDELIBLE_VKEY='$vkey'"
      echo "export INDELIBLE_RECEIPTS_VKEY='$(value receipts_vkey <<<"$made")'"
    } >"$KEYS.new"
  ) && mv "$KEYS.new" "$KEYS"
fi

# The port may be another than last time; the log's name in its checkpoints stays what it was.
(umask 077; sed -E "s|^export INDELIBLE_URL=.*|export INDELIBLE_URL='$URL'|" "$KEYS" >"$KEYS.new") && mv "$KEYS.new" "$KEYS"

reader="$(sed -nE "s/^export INDELIBLE_KEY='(.*)'/\1/p" "$KEYS")"
cat <<TEXT

Indelible runs at $URL – open it in a browser and sign in with the reader's key:
  $reader
All keys are in $KEYS, which only you can read. In another terminal, here:

  . $KEYS
  ./indelible search outcome:failure action:session.sign_in --limit 5
  ./indelible alerts --severity high,critical
  ./indelible show 42 --entry entry.json --proof entry.tlog-proof && ./indelible verify --vkey "\$INDELIBLE_VKEY" --entry entry.json --proof entry.tlog-proof
  ./indelible verify --vkey "\$INDELIBLE_VKEY" --url "\$INDELIBLE_URL/logs/main"

Ctrl-C stops.
TEXT
wait "$server"
