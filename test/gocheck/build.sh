#!/bin/sh
# Builds the outside checker: build.sh OUT. Uses the Go and the golang.org/x/mod that are installed; fetches nothing.
set -eu
if [ $# -ne 1 ]; then
  echo "usage: build.sh OUT" >&2
  exit 2
fi
if ! command -v go >/dev/null 2>&1; then
  echo "gocheck: no 'go' found; on Debian: apt-get install golang-go golang-golang-x-mod-dev" >&2
  exit 3
fi
packages=${GOCHECK_GOPATH:-/usr/share/gocode}
if [ ! -d "$packages/src/golang.org/x/mod/sumdb/tlog" ]; then
  echo "gocheck: no golang.org/x/mod under $packages; on Debian: apt-get install golang-golang-x-mod-dev" >&2
  exit 3
fi
mkdir -p "$(dirname "$1")"
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
GO111MODULE=off GOFLAGS= GOPATH="$packages" GOCACHE="${GOCACHE:-${TMPDIR:-/tmp}/gocheck-cache}" \
  go build -o "$out" main.go source.go check.go make.go
