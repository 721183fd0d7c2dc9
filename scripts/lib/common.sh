# shellcheck shell=bash
# Sourced by the project's scripts: messages, the check for Go, and building a binary of a Go module into the cache once.

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

# The folder that every cache of the project lives in.
stowage_cache() { printf '%s\n' "${STOWAGE_CACHE:-$HOME/.cache/stowage}"; }

readonly STOWAGE_GO_MIN_MINOR=26

# The command that installs a Go that is new enough, as one line to type.
go_install_command() {
  local arch=amd64
  case "$(uname -m)" in
    aarch64 | arm64) arch=arm64 ;;
  esac
  # shellcheck disable=SC2016  # the reader's shell expands PATH, not this one
  printf 'curl -fsSL https://go.dev/dl/go1.26.8.linux-%s.tar.gz | sudo tar -C /usr/local -xz && export PATH=/usr/local/go/bin:$PATH\n' "$arch"
}

# True when a Go of at least 1.STOWAGE_GO_MIN_MINOR is on the PATH, in /usr/local/go, or one that fetches
# its own newer toolchain. Adds /usr/local/go/bin to PATH when that is where it is.
have_go() {
  local dir version
  dir="$(dirname "${BASH_SOURCE[0]}")/../../tests/controlplane"
  for _ in path default; do
    if version="$(cd "$dir" && go env GOVERSION 2>/dev/null)" &&
      [[ "$version" =~ go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= STOWAGE_GO_MIN_MINOR)); then
      return 0
    fi
    [[ -x /usr/local/go/bin/go ]] || return 1
    PATH="/usr/local/go/bin:$PATH"
  done
  return 1
}

require_go() {
  have_go && return 0
  say "Go 1.$STOWAGE_GO_MIN_MINOR or newer is needed to build the Kubernetes test binaries; found: $(go version 2>/dev/null || echo none)."
  say "Type: $(go_install_command)"
  exit 1
}

# build_go_binary MODULE_DIR PACKAGE OUT LDFLAGS HINT
# Builds PACKAGE of the module into OUT unless it is there; OUT appears atomically. HINT is what to
# expect of a first build. The caller holds the lock of OUT's folder.
build_go_binary() {
  local module="$1" package="$2" out="$3" ldflags="$4" hint="$5"
  local name log begin pid
  name="$(basename "$out")"
  [[ -x "$out" ]] && return 0
  require_go
  log="$out.log"
  begin=$SECONDS
  say "building $name (once; $hint)"
  (cd "$module" && CGO_ENABLED=0 exec go build -ldflags "$ldflags" -o "$out.tmp.$$" "$package") >"$log" 2>&1 9>&- &
  pid=$!
  # A background command of a script ignores Ctrl-C: end it ourselves.
  # shellcheck disable=SC2064  # the id and the name of now
  trap "kill $pid 2>/dev/null; rm -f '$out.tmp.$$'; exit 130" INT TERM HUP
  local next=$((SECONDS + 30))
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS >= next)); then
      say "  ... $name: $((SECONDS - begin)) s"
      next=$((SECONDS + 30))
    fi
  done
  if ! wait "$pid"; then
    rm -f "$out.tmp.$$"
    tail -n 20 "$log" >&2
    die "building $name failed; the whole log is $log"
  fi
  trap - INT TERM HUP
  mv -f "$out.tmp.$$" "$out"
  rm -f "$log"
  say "  built $name in $((SECONDS - begin)) s"
}
