# shellcheck shell=bash
# What the scripts in tools/ share. Sourced, from any working folder; leaves the shell in the root of the repository.

set -euo pipefail
exec </dev/null # nothing here asks anybody anything
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
export DEBIAN_FRONTEND=noninteractive PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false

# Where tools/setup puts a Node.js when Debian's is too old for the web tools; the folder need not exist yet.
export node_home=$root/var/node
PATH=$node_home/node_modules/.bin:$PATH

started_at=$SECONDS
say() { printf '\033[1m[%3ds] %s\033[0m\n' $((SECONDS - started_at)) "$*" >&2; }
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# One compiler of a Beast source takes over a gigabyte; more jobs than memory has room for would only swap.
build_jobs() {
    local cores gigabytes
    cores=$(nproc)
    gigabytes=$(awk '/MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)
    if [ "$gigabytes" -lt 1 ]; then gigabytes=1; fi
    echo $((cores < gigabytes ? cores : gigabytes))
}

# build_engine PRESET [TARGET...]
build_engine() {
    local preset=$1 targets=()
    shift
    if [ $# -gt 0 ]; then targets=(--target "$@"); fi
    if [ ! -f "build/$preset/build.ninja" ]; then cmake --preset "$preset" >&2 || return 1; fi
    cmake --build --preset "$preset" --parallel "$(build_jobs)" "${targets[@]}" >&2
}

# Builds the web app when anything it is made of is newer than the last build.
build_web() {
    local stamp=var/stamps/web
    [ -f clients/package.json ] || return 0
    if [ -f "$stamp" ] && [ -z "$(find clients schemas \( -name node_modules -o -name dist -o -name generated -o -name native \) -prune -o \
        -newer "$stamp" -print -quit)" ]; then
        return 0
    fi
    say "building the web app"
    (cd clients && npm run build --workspaces --if-present) >&2 || return 1 # `set -e` sleeps inside a condition
    mkdir -p var/stamps
    touch "$stamp"
}
