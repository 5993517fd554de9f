#!/usr/bin/env bash
# Tests `clsify guide` and the page of `clsify serve` in a real browser: tools/guide_browser.sh CLSIFY, where CLSIFY is a release build of the program.
# Checks that the committed bundle is that of its sources, then writes pages and runs tools/guide/run.mjs on them.
# Needs Node.js, Chromium, a Chinese font and packages of npm; installs what is missing. If that fails, the check is
# reported as NOT RUN, and the exit code is 3. The same if all-MiniLM-L6-v2 cannot be fetched; the bundle is checked before.
#
# Further arguments go to run.mjs, such as --some-scenes. With CLSIFY_GUIDE_SHOTS=FOLDER pictures of the pages are kept there.
set -euo pipefail
cd "$(dirname "$0")/.."
clsify=$(realpath "$1")
shift
tests=tools/guide
bundle=crates/clsify-report/guide
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

not_run() {
    echo "NOT RUN: the guide in a browser, because $*" >&2
    exit 3
}

# Runs an installer, whose output is of interest only if it fails.
provide() { timeout 300 "$@" > "$work/log" 2>&1 < /dev/null || { tail -n 20 "$work/log" >&2; return 1; }; }

has_chromium() { [ -n "${CLSIFY_CHROMIUM:-}" ] || command -v chromium chromium-browser google-chrome > /dev/null; }
has_chinese() { [ -n "$(fc-list :lang=zh-cn 2> /dev/null)" ]; }
missing=()
command -v node > /dev/null || missing+=(nodejs)
command -v npm > /dev/null || missing+=(npm)
has_chromium || missing+=(chromium)
has_chinese || missing+=(fontconfig fonts-noto-cjk)
if [ ${#missing[@]} -gt 0 ]; then
    { provide apt-get update -qq && provide apt-get install -y -qq --no-install-recommends "${missing[@]}"; } || not_run "apt-get cannot install ${missing[*]}"
fi
[ "$(node -p 'process.versions.node.split(".")[0] >= 20')" = true ] || not_run "it needs Node.js 20 or later, found $(node --version)"
for folder in $bundle $tests; do
    provide npm ci --prefix $folder || not_run "npm ci failed in $folder"
done

npm run --silent --prefix $bundle check
npm test --silent --prefix $bundle > "$work/log" || { cat "$work/log"; exit 1; }
npm run --silent --prefix $bundle build
git diff --exit-code --stat -- crates/clsify-report/src/guide/dist || {
    echo "crates/clsify-report/src/guide/dist is not the bundle of its sources: run npm run build in $bundle" >&2
    exit 1
}

encoder=$("$clsify" pull all-MiniLM-L6-v2) || not_run "all-MiniLM-L6-v2 cannot be fetched"
node $tests/data.mjs "$work"
hard=()
while IFS= read -r line; do hard+=(--sentence "$line"); done < "$work/hard.txt"
export CLSIFY_CACHE="$work/cache"

# Writes a page: its name, its data, options of `train` after --, and those of `guide` after another --.
page() {
    local name=$1 data=$2 training=() guide=()
    shift 3
    while [ $# -gt 0 ] && [ "$1" != -- ]; do training+=("$1"); shift; done
    shift
    guide=("$@")
    "$clsify" train --quiet --data "$work/$data" "${training[@]}" --output "$work/$name.model" > "$work/log" || { cat "$work/log"; exit 1; }
    "$clsify" guide --quiet "$work/$name.model" --data "$work/$data" "${hard[@]}" "${guide[@]}" --output "$work/$name.html"
    "$clsify" predict "$work/$name.model" -p --output-format json < "$work/hard.txt" > "$work/$name.predictions.jsonl"
}
page two two.tsv -- --encoder "$encoder" --
page six six.tsv -- --encoder "$encoder" --pooling cls+mean -- --lang zh
page sets sets.jsonl -- --encoder "$encoder" --multi-label ';' --pooling mean --layers 3 --
page mpnet two.tsv -- --encoder fixtures/transformers/mpnet --

pages=("$work"/{two,six,sets,mpnet}.html)
if [ -n "${CLSIFY_GUIDE_SHOTS:-}" ]; then
    for page in "${pages[@]}"; do node $tests/shots.mjs "$page" "$CLSIFY_GUIDE_SHOTS/$(basename "$page" .html)"; done
fi
node $tests/run.mjs "$@" "${pages[@]}"
node $tests/served.mjs "$clsify" "$encoder" "$work"/{two,six,sets}.model
