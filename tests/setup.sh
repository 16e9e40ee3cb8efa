#!/usr/bin/env bash
# Debian packages that building and testing use, and servers that are no package. Does nothing where everything is there already.
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
need openjdk-17-jre-headless compgen -G '/usr/lib/jvm/*17*/bin/java'
need maven command -v mvn
need redis-server command -v redis-server
need mariadb-server test -x /usr/sbin/mariadbd
need postgresql sh -c 'ls /usr/lib/postgresql/*/bin/initdb'
need pgbouncer test -x /usr/sbin/pgbouncer
need nats-server command -v nats-server
need wrk command -v wrk
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "the tests need these Debian packages: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi
here=$(cd "$(dirname "$0")" && pwd)
services=$(realpath -m "$here/../.cache/services")
for install in "$here"/services/install/*.sh; do
  bash "$install" "$services"
done
