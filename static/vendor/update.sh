#!/bin/sh
# Fetches the vendored assets again and writes SHA256SUMS; run by hand when a version below changes.
# Needs: npm, tar, sed, sha256sum. What is changed in govuk.css, and why:
#   - its two @font-face blocks go: that typeface may only be used on GOV.UK;
#   - its font stack becomes var(--font), set in app.css;
#   - its coat of arms goes: it is not ours to show, and its address would not exist here;
#   - the source map line goes: the map is not served.
set -eu
GOVUK=6.6.0
FIGTREE=5.3.0
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "govuk-frontend@$GOVUK" "@fontsource-variable/figtree@$FIGTREE" >/dev/null
tar -xzf "govuk-frontend-$GOVUK.tgz" && mv package govuk
tar -xzf "fontsource-variable-figtree-$FIGTREE.tgz" && mv package figtree

sed -e 's/@font-face{font-family:GDS Transport;[^}]*}//g' \
    -e 's/GDS Transport,arial,sans-serif/var(--font)/g' \
    -e 's#url(/assets/images/govuk-crest.svg)#none#g' \
    -e '/^\/\*# sourceMappingURL=.*\*\/$/d' \
    govuk/dist/govuk/govuk-frontend.min.css > "$here/govuk.css"
sed -e 's#//\# sourceMappingURL=.*$##' govuk/dist/govuk/govuk-frontend.min.js > "$here/govuk.js"
cp figtree/files/figtree-latin-wght-normal.woff2 "$here/figtree.woff2"
cp figtree/LICENSE "$here/figtree.LICENCE.txt"

if grep -qE 'GDS Transport|url\(|@import' "$here/govuk.css"; then
    echo "govuk.css still names a font or a file that we do not serve: look at the rules above" >&2
    exit 1
fi
cd "$here"
sha256sum figtree.woff2 govuk.css govuk.js > SHA256SUMS
cat SHA256SUMS
