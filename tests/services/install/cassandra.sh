#!/usr/bin/env bash
# Puts Cassandra into `cassandra` of the folder named: a folder of jars, which ../cassandra.pom.xml names.
# Does nothing where they are there already.
set -euo pipefail
target=$1/cassandra
wanted=$(cd "$(dirname "$0")/.." && pwd)/cassandra.pom.xml
cmp -s "$wanted" "$target/pom.xml" && exit 0
rm -rf "$target"
mvn -q -B -f "$wanted" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$target"
cp "$wanted" "$target/pom.xml"
