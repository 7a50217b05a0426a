#!/bin/sh
# Installs the embedded Overseer Core and its agent as systemd services on one machine, or an agent alone. Run it again to upgrade.
set -eu

usage() {
  cat <<'TEXT'
Usage: install.sh install [--from DIR] [--node NAME] [--agent-only --core URL --token-file FILE [--ca FILE]] [--root DIR]
       install.sh enroll --core URL --admin-token-file FILE --node NAME --out FILE [--ca FILE]
       install.sh uninstall [--purge [--yes]] [--root DIR]

install     Installs programs, units and settings, and starts the services. Existing settings, tokens and data are kept. A machine that has
            the agent alone stays so; then no argument is needed.
  --from DIR         Folder with overseer-core.js (default: dist of this repository).
  --node NAME        Name of this node (default: the host name): at most 43 lowercase letters, digits, and - . _ between them.
  --agent-only       Installs the agent of a Core on another machine; requires --core and --token-file.
  --ca FILE          Certificate of the authority of that Core, or its own certificate if it is self-signed.
  --root DIR         Installs below DIR and starts nothing, for images and tests.
enroll      Creates a token for the agent of a node, and writes it to FILE.
uninstall   Stops and removes the services. Containers go on running; data stays, unless --purge is set, which asks first.
  --yes              Does not ask.
TEXT
}
fail() { echo "install.sh: $*" >&2; exit 1; }

command=${1:-}; [ $# -gt 0 ] && shift
here=$(cd "$(dirname "$0")" && pwd)
from=$here/../../dist; node_name=; core=; token_file=; admin_token_file=; out=; ca=; root=; agent_only=; purge=; yes=
while [ $# -gt 0 ]; do
  case $1 in
    --agent-only) agent_only=yes; shift; continue ;;
    --purge) purge=yes; shift; continue ;;
    --yes) yes=yes; shift; continue ;;
    --help) usage; exit 0 ;;
    --from|--node|--core|--token-file|--admin-token-file|--out|--ca|--root) ;;
    *) fail "unknown argument $1; see --help" ;;
  esac
  [ $# -gt 1 ] && [ -n "$2" ] || fail "$1 requires a value"
  case $1 in
    --from) from=$2 ;; --node) node_name=$2 ;; --core) core=$2 ;; --token-file) token_file=$2 ;;
    --admin-token-file) admin_token_file=$2 ;; --out) out=$2 ;; --ca) ca=$2 ;; --root) root=$2 ;;
  esac
  shift 2
done
lib=$root/usr/local/lib/overseer; etc=$root/etc/overseer; units=$root/etc/systemd/system; state=$root/var/lib

# Sets the name of the node: as given, as installed, or the host name in lowercase. Names of tokens, which contain it, have at most 63 characters.
find_name() {
  installed=$(setting NODE_NAME)
  if [ -n "$node_name" ] && [ -n "$installed" ] && [ "$node_name" != "$installed" ]; then
    fail "this machine is installed as node $installed, not $node_name: leave --node out; to rename it, enroll the new name and set NODE_NAME in $etc/agent.env"
  fi
  node_name=${node_name:-$installed}
  # As installed, it stays as it is.
  [ -n "$installed" ] || check_name
}

check_name() {
  node_name=${node_name:-$(uname -n | tr '[:upper:]' '[:lower:]')}
  printf '%s' "$node_name" | LC_ALL=C grep -Eqx '[a-z0-9]([a-z0-9._-]{0,41}[a-z0-9])?' ||
    fail "$node_name cannot be the name of a node: set --node to at most 43 lowercase letters, digits, and - . _ between them"
}

# Prints a setting of the installed agent.
setting() {
  [ ! -e "$etc/agent.env" ] || sed -n "s/^$1=//p" "$etc/agent.env" | tail -n 1 | tr -d '"'
}

# Copies a file, unless it is in its place already.
put() {
  [ "$1" -ef "$2" ] || cp "$1" "$2"
}

find_node() {
  node=$(command -v node) || fail "Node.js is missing: install version 20.19 or later"
  "$node" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $("$node" --version) is too old: install version 20.19 or later"
}

# Units contain the path of Node.js, in which some characters have a meaning, and hide home directories from the services.
check_node_path() {
  case $(readlink -f "$node") in
    /root/*|/home/*|/run/user/*|"$root"/home/*) fail "$node is in a home directory, which the services cannot read: install Node.js for all users, for example in /usr/local" ;;
  esac
  case $node in
    *[!A-Za-z0-9/._+@-]*) fail "the path $node of Node.js contains characters that units cannot: install it elsewhere, for example in /usr/local" ;;
  esac
}

# Creates a token of role agent. The tokens are in files only, never in arguments, which all users of the machine can see.
enroll() {
  [ -n "$core" ] && [ -n "$admin_token_file" ] && [ -n "$out" ] || fail "enroll requires --core, --admin-token-file and --out"
  find_node
  umask 077
  ${ca:+env NODE_EXTRA_CA_CERTS="$ca"} "$node" --input-type=module -e '
    import { readFileSync, writeFileSync } from "node:fs";
    const [core, file, name, out] = process.argv.slice(1);
    const authorization = `Bearer ${readFileSync(file, "utf8").trim()}`;
    const body = JSON.stringify({ name: `agent-${name}-${Date.now()}`, role: "agent", node: name });
    const url = `${core.replace(/\/+$/, "")}/api/tokens`;
    for (let left = 60; ; left--) {
      try {
        const response = await fetch(url, { method: "POST", headers: { authorization, "content-type": "application/json" }, body });
        const answer = await response.json();
        if (!response.ok) throw Object.assign(new Error(answer.detail), { final: true });
        writeFileSync(out, `${answer.value}\n`, { mode: 0o600 });
        break;
      } catch (error) {
        if (error.final || left === 0) {
          console.error(`install.sh: the Core at ${core} gives no token: ${error.cause?.message ?? error.message}`);
          process.exit(1);
        }
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }' "$core" "$admin_token_file" "$node_name" "$out"
}

# Fails if the settings of the agent are not what the arguments say: they are kept, and would be ignored.
check_settings() {
  [ -e "$etc/agent.env" ] || return 0
  installed=$(setting CORE_URL)
  [ -z "$core" ] || [ "$core" = "$installed" ] ||
    fail "the agent is installed for the Core $installed, not $core: set CORE_URL in $etc/agent.env, or uninstall it first"
  [ -n "$ca" ] || return 0
  case $(setting AGENT_FLAGS) in
    *--ca[\ =]/etc/overseer/core-ca.crt*|*--ca[\ =]"$ca"*) ;;
    *) fail "the installed agent does not use --ca: add --ca /etc/overseer/core-ca.crt to AGENT_FLAGS in $etc/agent.env" ;;
  esac
}

# Writes a settings file, unless there is one.
settings() {
  [ -e "$1" ] || cat >"$1"
}

install_unit() {
  sed "s#^ExecStart=/usr/bin/node #ExecStart=$node #" "$here/$1" >"$units/$1"
}

install_all() {
  find_node
  [ -f "$from/overseer-core.js" ] || fail "$from contains no overseer-core.js: run make build first, or set --from"
  [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "run it as root"
  # An upgrade of a machine with the agent alone.
  if [ -e "$etc/agent.env" ] && [ ! -e "$etc/core.env" ] && [ ! -e "$units/overseer-core.service" ]; then agent_only=yes; fi
  if [ -n "$agent_only" ]; then
    [ ! -e "$etc/core.env" ] || fail "this machine has a Core: leave --agent-only out, or uninstall it first"
    { [ -n "$core" ] || [ -e "$etc/agent.env" ]; } && { [ -n "$token_file" ] || [ -s "$etc/agent-token" ]; } ||
      fail "--agent-only requires --core and --token-file"
    [ -z "$token_file" ] || [ -r "$token_file" ] || fail "cannot read $token_file"
  else
    [ -z "$core$token_file$ca" ] || fail "--core, --token-file and --ca are for --agent-only"
  fi
  [ -z "$ca" ] || [ -r "$ca" ] || fail "cannot read $ca"
  find_name; check_node_path; check_settings
  [ -n "$agent_only" ] || core=${core:-http://127.0.0.1:8480}
  mkdir -p "$lib" "$etc" "$units"
  chmod 0755 "$etc"
  # A second folder, so that a failed copy leaves the installed programs as they are.
  rm -rf "$lib.new"; mkdir "$lib.new"
  cp -R "$from/." "$lib.new"
  printf '{"type":"module"}\n' >"$lib.new/package.json"
  chmod -R u=rwX,go=rX "$lib.new"
  rm -rf "$lib.old"; mv "$lib" "$lib.old"; mv "$lib.new" "$lib"; rm -rf "$lib.old"
  umask 077
  if [ -z "$agent_only" ]; then
    settings "$etc/core.env" <<'TEXT'
# Flags of overseer-core, for example --backup-dir /var/backups/overseer. To let agents on other machines connect:
# --host 0.0.0.0 --tls-cert /etc/overseer/core.crt --tls-key /etc/overseer/core.key
CORE_FLAGS=
TEXT
    install_unit overseer-core.service
  fi
  [ -z "$ca" ] || put "$ca" "$etc/core-ca.crt"
  settings "$etc/agent.env" <<TEXT
CORE_URL=$core
NODE_NAME=$node_name
# Flags of overseer-agent, for example --proxy caddy
AGENT_FLAGS=${ca:+--ca /etc/overseer/core-ca.crt}
TEXT
  install_unit overseer-agent.service
  chmod 0644 "$units"/overseer-*.service
  [ -z "$token_file" ] || put "$token_file" "$etc/agent-token"
  [ -z "$root" ] || return 0

  if [ -z "$agent_only" ]; then
    id overseer-core >/dev/null 2>&1 || useradd --system --user-group --home-dir /var/lib/overseer-core --shell /usr/sbin/nologin overseer-core
  fi
  systemctl daemon-reload
  if [ -z "$agent_only" ]; then
    systemctl enable --quiet overseer-core
    systemctl restart overseer-core
    if [ ! -s "$etc/agent-token" ]; then
      admin_token_file=$state/overseer-core/admin-token; out=$etc/agent-token; ca=
      for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s "$admin_token_file" ] && break; sleep 1; done
      enroll
    fi
  fi
  systemctl enable --quiet overseer-agent
  systemctl restart overseer-agent
  if command -v docker >/dev/null && docker compose version >/dev/null 2>&1; then :; else
    echo "Docker or its Compose plugin is missing: jobs fail until it is installed."
  fi
  [ -z "$agent_only" ] || { echo "Installed the agent of node $node_name."; return 0; }
  echo "Installed. Token of the administrator: $state/overseer-core/admin-token"
}

uninstall() {
  if [ -n "$purge" ] && [ -z "$yes" ]; then
    echo "This deletes $etc, $state/overseer-core and $state/overseer-agent: the database and secrets of the Core, and the directories of its apps."
    printf 'Delete them? [y/N] '
    read -r reply || reply=
    [ "$reply" = y ] || fail "nothing is removed: answer y, or set --yes"
  fi
  if [ -z "$root" ]; then
    [ "$(id -u)" = 0 ] || fail "run it as root"
    for unit in overseer-agent overseer-core; do
      [ ! -e "$units/$unit.service" ] || systemctl disable --quiet --now "$unit"
    done
  fi
  rm -f "$units/overseer-agent.service" "$units/overseer-core.service"
  rm -rf "$lib"
  [ -n "$root" ] || systemctl daemon-reload
  if [ -n "$purge" ]; then
    rm -rf "$etc" "$state/overseer-core" "$state/overseer-agent"
    echo "Removed, with the database and secrets of the Core and the directories of its apps. Containers and volumes are still there."
  else
    echo "Removed. Kept: $etc, $state/overseer-core and $state/overseer-agent; --purge removes them. Containers go on running."
  fi
}

case $command in
  install) install_all ;;
  enroll) check_name; enroll ;;
  uninstall) uninstall ;;
  --help|help) usage ;;
  *) usage >&2; exit 2 ;;
esac
