#!/bin/sh
# Fetches axe-core again and writes SHA256SUMS; run by hand when the version below changes.
# Needs: npm, tar, sha256sum. Used by tests only; nothing of it is served. Licence: MPL-2.0, beside it.
set -eu
AXE=4.14.1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "axe-core@$AXE" >/dev/null
tar -xzf "axe-core-$AXE.tgz"
cp package/axe.min.js "$here/axe.min.js"
cp package/LICENSE "$here/axe.LICENCE.txt"
cp package/LICENSE-3RD-PARTY.txt "$here/axe.LICENCE-3RD-PARTY.txt"
cd "$here"
sha256sum axe.min.js > SHA256SUMS
cat SHA256SUMS
