#!/usr/bin/env bash
# Debian packages that building and testing use. Does nothing where everything is there already.
set -euo pipefail
missing=()
need() { "${@:2}" >/dev/null 2>&1 || missing+=("$1"); }
need python3-venv "${PYTHON:-python3}" -c 'import ensurepip, venv'
need python3-dev "${PYTHON:-python3}" -c 'import pathlib, sys, sysconfig; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())'
need gcc command -v gcc
need libc6-dev test -e /usr/include/stdio.h
need npm command -v npm
need nodejs command -v node
need openssl command -v openssl
need redis-server command -v redis-server
need postgresql sh -c 'ls /usr/lib/postgresql/*/bin/initdb'
need pgbouncer test -x /usr/sbin/pgbouncer
need wrk command -v wrk
here=$(cd "$(dirname "$0")" && pwd)
prometheus=$here/../.cache/services/prometheus
statsd=$here/services/statsd
add_statsd() {
  [ -e "$statsd/node_modules/statsd/stats.js" ] ||
    npm ci --prefix "$statsd" --silent --no-fund --no-audit --ignore-scripts --omit=optional
}
# The program alone, unpacked: installed, Debian's package brings 220 MB of fonts and scripts for its pages.
add_prometheus() (
  [ -x "$prometheus" ] || command -v prometheus >/dev/null && return
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$(dirname "$prometheus")"
  cd "$work"
  find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null | grep -q . || apt-get update -qq
  apt-get -o APT::Sandbox::User=root download -qq prometheus
  dpkg -x prometheus_*.deb unpacked
  install -m755 unpacked/usr/bin/prometheus "$prometheus"
)
if [ ${#missing[@]} -eq 0 ]; then
  add_statsd
  add_prometheus
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "the tests need these Debian packages: apt-get install ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
add_statsd
add_prometheus
