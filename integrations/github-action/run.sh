#!/bin/sh
# One command of the action. All input comes by the environment, so that no text of a pull request becomes part of a script.
set -eu

if [ -n "${OVERSEER_CI_PACKAGE:-}" ]; then npm install --global --no-audit --no-fund "$OVERSEER_CI_PACKAGE" >&2; fi

validate() {
  overseer validate "${OVERSEER_CI_PATH:-.}"
}

# Exit codes of overseer diff: 0 equal, 1 differs, 2 and more no difference could be made. The first two are no failure of the job.
diff() {
  if [ -z "${OVERSEER_CI_BASE:-}" ]; then
    echo "diff needs a base: run it for a pull request, or set the input base" >&2
    exit 2
  fi
  git cat-file -e "$OVERSEER_CI_BASE^{commit}" 2>/dev/null || git fetch --quiet --depth=1 origin "$OVERSEER_CI_BASE"
  comment=$(mktemp)
  trap 'rm -f "$comment"' EXIT
  code=0
  overseer diff "${OVERSEER_CI_PATH:-.}" --base "$OVERSEER_CI_BASE" -o markdown >"$comment" || code=$?
  if [ ! -s "$comment" ]; then exit "$code"; fi
  cat "$comment" >>"${GITHUB_STEP_SUMMARY:-/dev/stdout}"
  if [ -n "${OVERSEER_CI_TOKEN:-}" ] && [ -n "${OVERSEER_CI_PULL_REQUEST:-}" ]; then
    node "$(dirname "$0")/comment.mjs" "$comment"
  fi
  if [ "$code" -gt 1 ]; then exit "$code"; fi
}

wait_for_sync() {
  if [ -z "${OVERSEER_CI_APP:-}" ]; then
    echo "wait needs the input app" >&2
    exit 2
  fi
  if [ -n "${OVERSEER_CI_KUBECONFIG:-}" ]; then
    KUBECONFIG=$(mktemp)
    export KUBECONFIG
    trap 'rm -f "$KUBECONFIG"' EXIT
    printf '%s\n' "$OVERSEER_CI_KUBECONFIG" >"$KUBECONFIG"
    unset OVERSEER_CI_KUBECONFIG
  fi
  if [ -n "${OVERSEER_CI_NAMESPACE:-}" ]; then export OVERSEER_NAMESPACE="$OVERSEER_CI_NAMESPACE"; fi
  overseer refresh "$OVERSEER_CI_APP"
  overseer wait "$OVERSEER_CI_APP" --commit "$OVERSEER_CI_COMMIT" --timeout "${OVERSEER_CI_TIMEOUT:-10m}"
}

case "${OVERSEER_CI_COMMAND:-}" in
  validate) validate ;;
  diff) diff ;;
  wait) wait_for_sync ;;
  *)
    echo "command must be validate, diff or wait; got '${OVERSEER_CI_COMMAND:-}'" >&2
    exit 2
    ;;
esac
