# Sourced by the scripts around it. Afterwards $root is the project, $BUN is Bun in the pinned version, and the packages
# are installed. Needs Node.js with npm, or any Bun of the same major version; nothing else, and no step before it.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bun_version=$(sed -n 's/^ *"bun": *"\([^"]*\)".*/\1/p' "$root/package.json")

say() { printf 'sluice: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

bun_says() { "$1" --version 2>/dev/null || true; }

# Bun in the pinned version: the project's own, the one npm fetched for bootstrapping, or the machine's. The platform
# packages stand in for `bun/bin`, which is only a placeholder where install scripts are switched off.
pinned_bun() {
  local candidate
  for candidate in \
    "$root"/node_modules/bun/bin/bun.exe \
    "$root"/node_modules/@oven/bun-*/bin/bun \
    "$root"/node_modules/.bootstrap/node_modules/bun/bin/bun.exe \
    "$root"/node_modules/.bootstrap/node_modules/@oven/bun-*/bin/bun \
    "$(command -v bun || true)"; do
    [ -x "$candidate" ] && [ "$(bun_says "$candidate")" = "$bun_version" ] || continue
    printf '%s\n' "$candidate"
    return
  done
}

# A Bun that is not the pinned one but can install it.
machine_bun() {
  local candidate version
  candidate=$(command -v bun || true)
  [ -n "$candidate" ] || return 0
  version=$(bun_says "$candidate")
  [ "${version%%.*}" = "${bun_version%%.*}" ] && printf '%s\n' "$candidate"
  return 0
}

npm_installs_bun() {
  local prefix="$root/node_modules/.bootstrap" log
  mkdir -p "$prefix"
  log="$prefix/npm.txt"
  say "installing Bun $bun_version with npm"
  # In a folder of its own: npm would otherwise lay out node_modules its way and write a second lock file.
  npm install --prefix "$prefix" --no-save --no-package-lock --no-audit --no-fund "bun@$bun_version" >"$log" 2>&1 ||
    fail "npm could not install bun@$bun_version: $(grep -m1 'npm error' "$log" || tail -n1 "$log")"
  [ -n "$(pinned_bun)" ] || node "$prefix/node_modules/bun/install.js" >>"$log" 2>&1 || true
}

install_packages() {
  local stamp="$root/node_modules/.installed" wanted
  wanted=$(cat "$root/package.json" "$root/bun.lock" | cksum)
  [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ] && return
  say 'installing packages'
  (cd "$root" && "$BUN" install --frozen-lockfile --silent) || fail 'bun install failed (see above)'
  printf '%s\n' "$wanted" >"$stamp"
}

[ -n "$bun_version" ] || fail 'package.json pins no version of bun'
BUN=$(pinned_bun)
if [ -z "$BUN" ]; then
  BUN=$(machine_bun)
  if [ -z "$BUN" ]; then
    command -v npm >/dev/null || fail "needs Node.js with npm, or Bun $bun_version: neither is on this machine"
    npm_installs_bun
    BUN=$(pinned_bun)
    [ -n "$BUN" ] || fail "npm installed bun@$bun_version but it does not run here ($(uname -sm))"
  fi
fi
install_packages
# By now the pinned one is a package of the project.
BUN=$(pinned_bun)
[ -n "$BUN" ] || fail "Bun $bun_version does not run here ($(uname -sm))"
case "$BUN" in
  */.bootstrap/*) ;;
  *) rm -rf "$root/node_modules/.bootstrap" ;;
esac
export BUN
