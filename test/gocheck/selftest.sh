#!/bin/sh
# Checks the checker: it must accept a log that it made and refuse the same log with one byte changed anywhere.
# selftest.sh [BINARY]; builds one where none is given. Exits 0, 1 (a check failed) or 3 (cannot be built here).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

gocheck=${1:-}
if [ -z "$gocheck" ]; then
  gocheck=$work/gocheck
  "$here/build.sh" "$gocheck"
fi

size=70000
vkey=$("$gocheck" make -dir "$work/log" -n $size -seed selftest)
receipts_vkey=$(cat "$work/log/receipts.vkey")
passed=0
failed=0

accepts() { # what, command…
  what=$1; shift
  if answer=$("$@" 2>/dev/null) && case $answer in ok:*) true ;; *) false ;; esac; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1)); echo "should be accepted: $what: $answer"
  fi
}

refuses() { # what, command…
  what=$1; shift
  code=0
  answer=$("$@" 2>/dev/null) || code=$?
  if [ $code -eq 1 ] && case $answer in FAIL:*) true ;; *) false ;; esac; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1)); echo "should be refused: $what: exit $code, $answer"
  fi
}

# Changes the lowest bit of one byte; what it does is undone by `restore`.
flip() { # file, offset
  cp "$1" "$work/kept"
  byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
  printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
restore() { cp "$work/kept" "$1"; }

check_log() { "$gocheck" log -vkey "$vkey" -dir "$work/log"; }
last=$((size - 1))
check_proof() { "$gocheck" proof -vkey "$vkey" -entry "$work/log/entry-$last" "$work/log/proof-$last.tlog-proof"; }
check_consistency() {
  "$gocheck" consistency -vkey "$vkey" -old "$work/log/checkpoint-$((size / 2))" -proof "$work/log/consistency.txt"
}
check_receipts() { "$gocheck" receipt -vkey "$receipts_vkey" "$work/log/receipts.json"; }

accepts "the log" check_log
accepts "the proof" check_proof
accepts "the consistency proof" check_consistency
accepts "the receipts" check_receipts

for place in checkpoint:0 checkpoint:28 checkpoint:40 checkpoint:120 tile/0/000:5 tile/0/272:8191 tile/0/273.p/112:3583 \
  tile/1/000:100 tile/1/001.p/17:543 tile/2/000.p/1:0 tile/entries/000:1 tile/entries/000:30 tile/entries/200:5000 \
  tile/entries/273.p/112:0 tile/entries/273.p/112:77; do
  file=$work/log/${place%:*}
  flip "$file" "${place##*:}"
  refuses "a log with a changed bit in $place" check_log
  restore "$file"
done
for place in proof-$last.tlog-proof:0 proof-$last.tlog-proof:29 proof-$last.tlog-proof:40 proof-$last.tlog-proof:600 entry-$last:3; do
  file=$work/log/${place%:*}
  flip "$file" "${place##*:}"
  refuses "a proof with a changed bit in $place" check_proof
  restore "$file"
done
for place in consistency.txt:4 consistency.txt:20 consistency.txt:700 checkpoint-$((size / 2)):40; do
  file=$work/log/${place%:*}
  flip "$file" "${place##*:}"
  refuses "a consistency proof with a changed bit in $place" check_consistency
  restore "$file"
done
for word in index id leaf_hash received_at position origin receipt_note; do
  file=$work/log/receipts.json
  cp "$file" "$work/kept"
  sed "0,/\"$word\": /s/\(\"$word\": \"\{0,1\}.\{4\}\)./\1z/;0,/\"$word\": [0-9]/s/\(\"$word\": \)[0-9]*/\17/" "$work/kept" > "$file"
  refuses "a receipt with another $word" check_receipts
  restore "$file"
done

rm -r "$work/log/tile/0/273.p"
refuses "a log without its last tile" check_log

other=$("$gocheck" make -dir "$work/other" -n 40 -seed other)
refuses "a log under another's key" "$gocheck" log -vkey "$other" -dir "$work/log"
refuses "a proof under another's key" "$gocheck" proof -vkey "$other" -entry "$work/log/entry-$last" "$work/log/proof-$last.tlog-proof"
refuses "receipts under the log's key" "$gocheck" receipt -vkey "$vkey" "$work/log/receipts.json"
printf '{"receipts":[],"receipt_note":""}' > "$work/none.json"
refuses "no receipts at all" "$gocheck" receipt -vkey "$receipts_vkey" "$work/none.json"

# A log that has grown past a partial tile keeps only the full one; a reader at the old size takes its beginning.
"$gocheck" make -dir "$work/grown" -n 300 -seed grown > "$work/grown.vkey"
cp "$work/grown/checkpoint-150" "$work/grown/checkpoint"
accepts "an older checkpoint over full tiles" "$gocheck" log -vkey "$(cat "$work/grown.vkey")" -dir "$work/grown"

echo "gocheck selftest: $passed passed, $failed failed"
[ $failed -eq 0 ]
