#!/bin/sh
# Builds the container image from dist/. Run from the root of the repository, after `make control-plane-binaries`.
#   IMAGE        name of the image
#   NODE_IMAGE   base image, Node 24 on Debian; defaults to the one in the Dockerfile
#   TOOLS_IMAGE  image with /kubectl and /helm; by default built from the verified binaries on this machine
#   PLATFORM     linux/amd64 or linux/arm64; defaults to that of this machine. For another one, NODE_IMAGE and TOOLS_IMAGE must offer it
set -eu

case "$(uname -m)" in aarch64) own=linux/arm64 ;; *) own=linux/amd64 ;; esac
platform=${PLATFORM:-$own}
case "$platform" in
  linux/amd64 | linux/arm64) ;;
  *) echo "PLATFORM=$platform is not supported: use linux/amd64 or linux/arm64" >&2; exit 2 ;;
esac
if [ "$platform" != "$own" ] && [ -z "${TOOLS_IMAGE:-}" ]; then
  echo "PLATFORM=$platform: kubectl and Helm of this machine are for $own: set TOOLS_IMAGE to an image with /kubectl and /helm for $platform" >&2
  exit 2
fi

version=$(node -p 'require("./package.json").version')
image=${IMAGE:-overseer-gitops:$version}
tools=${TOOLS_IMAGE:-overseer-gitops-tools:local}

if [ -z "${TOOLS_IMAGE:-}" ]; then
  programs=$(node build/tools/binaries-cli.js)
  path_of() { printf '%s\n' "$programs" | sed -n "s/^$1 //p"; }
  tar --owner=0 --group=0 -c \
    -C "$(dirname "$(path_of kubectl)")" kubectl \
    -C "$(dirname "$(path_of helm)")" helm | docker import - "$tools" >/dev/null
fi

docker build --platform "$platform" --tag "$image" --build-arg "TOOLS_IMAGE=$tools" ${NODE_IMAGE:+--build-arg "NODE_IMAGE=$NODE_IMAGE"} .
echo "$image"
