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
need openssl command -v openssl
need redis-server command -v redis-server
need wrk command -v wrk
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "the tests need these Debian packages: apt-get install ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
