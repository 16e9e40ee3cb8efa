#!/usr/bin/env bash
# Puts StatsD's modules beside the file that names them. Does nothing where they are there already.
set -euo pipefail
statsd=$(cd "$(dirname "$0")/.." && pwd)/statsd
[ -e "$statsd/node_modules/statsd/stats.js" ] && exit 0
npm ci --prefix "$statsd" --silent --no-fund --no-audit --ignore-scripts --omit=optional
