#!/usr/bin/env bash
# Puts MySQL's server into `mysql` of the folder named. Does nothing where it is there already.
# It is in none of Debian's releases, only in unstable: the server and its libraries, down to the C library, are unpacked.
set -euo pipefail
target=$1/mysql
[ -x "$target/mysqld" ] && exit 0
[ "$(uname -m)" = x86_64 ] || { echo "MySQL is fetched for x86_64 only" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p lists/partial cache/archives/partial unpacked new/lib
uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | head -1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri sid main" >sources
from=(-o Dir::Etc::sourcelist="$work/sources" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists"
  -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none)
apt-get "${from[@]}" -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false update -qq
needs=$(apt-cache "${from[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
  --no-enhances mysql-server-core | grep -E '^(lib|zlib)' | grep -v '^libperl' | sort -u)
# shellcheck disable=SC2086
apt-get "${from[@]}" download -qq mysql-server-core $needs
for package in *.deb; do dpkg -x "$package" unpacked; done
loader=$(find unpacked -name ld-linux-x86-64.so.2 -type f)
libraries=unpacked/usr/lib/x86_64-linux-gnu
"$loader" --library-path "$libraries" --list unpacked/usr/sbin/mysqld | grep -oE "$libraries/[^ ]+" |
  while read -r library; do cp -L "$library" new/lib/; done
cp -L "$loader" new/lib/ld-linux-x86-64.so.2
cp -r unpacked/usr/share/mysql new/share
cp unpacked/usr/sbin/mysqld new/mysqld
new/lib/ld-linux-x86-64.so.2 --library-path new/lib new/mysqld --version >/dev/null
chmod -R a+rX new
mkdir -p "$(dirname "$target")"
rm -rf "$target"
mv new "$target"
