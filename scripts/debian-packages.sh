# Sourced by scripts/test: the programs that the tests talk to, from Debian's packages.

# program:package
test_programs=(curl:curl openssl:openssl nginx:nginx-light redis-server:redis-server wrk:wrk h2load:nghttp2-client)

# nginx lives in /usr/sbin, which is not on everybody's path.
PATH="$PATH:/usr/sbin:/sbin"

missing_programs() {
  local pair
  for pair in "${test_programs[@]}"; do
    command -v "${pair%%:*}" >/dev/null || printf '%s\n' "${pair%%:*}"
  done
}

missing_packages() {
  local pair
  for pair in "${test_programs[@]}"; do
    command -v "${pair%%:*}" >/dev/null || printf '%s\n' "${pair##*:}"
  done
}

# The tests start nginx and Redis themselves, on ports of their own: installing them must not leave a service behind.
apt_install() {
  (
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      trap 'rm -f "$policy"' EXIT
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod +x "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "$@"
  )
}

install_test_programs() {
  local packages log
  mapfile -t packages < <(missing_packages)
  [ ${#packages[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return 0; fi
  log=$(mktemp)
  echo "installing ${packages[*]}"
  if ! { apt-get update -qq && apt_install "${packages[@]}"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
  fi
  rm -f "$log"
  case " ${packages[*]} " in
    *' nginx-light '*) update-rc.d nginx disable >/dev/null 2>&1 || true ;;
  esac
  case " ${packages[*]} " in
    *' redis-server '*) update-rc.d redis-server disable >/dev/null 2>&1 || true ;;
  esac
}
