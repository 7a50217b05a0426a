# Image of the operator. The context is the root of the repository with dist/ built (`make build`); `make image` does both.
#
# NODE_IMAGE   Base image, Node 24 on Debian, with a version tag. If it contains git, ssh and gpgv, no packages are installed.
# TOOLS_IMAGE  Image with /kubectl and /helm, which render Kustomize and Helm sources. `make image` builds one.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG TOOLS_IMAGE=overseer-gitops-tools:local

FROM ${TOOLS_IMAGE} AS tools

FROM ${NODE_IMAGE} AS base
# A custom base image may set another user.
USER 0:0
RUN set -eu; \
    if ! command -v git || ! command -v ssh || ! command -v gpgv || ! test -s /etc/ssl/certs/ca-certificates.crt; then \
      apt-get update; \
      apt-get install -y --no-install-recommends ca-certificates git gpgv openssh-client; \
      rm -rf /var/lib/apt/lists/*; \
    fi; \
    # ssh requires a passwd entry for the user.
    echo 'overseer:x:65532:65532:Overseer GitOps:/tmp:/usr/sbin/nologin' >> /etc/passwd; \
    echo 'overseer:x:65532:' >> /etc/group; \
    mkdir -p /app /var/cache/overseer-gitops; \
    chown 65532:65532 /var/cache/overseer-gitops; \
    # dist/ contains ES modules, which need a package.json.
    printf '{"type":"module"}\n' > /app/package.json

FROM base
COPY --from=tools /kubectl /helm /usr/local/bin/
COPY LICENSE /app/
COPY dist/ /app/
ENV HOME=/tmp NODE_ENV=production
WORKDIR /app
USER 65532:65532
EXPOSE 8080 9090
VOLUME ["/var/cache/overseer-gitops", "/tmp"]
# A test checks that these Node.js flags match tools/operator-command.ts.
ENTRYPOINT ["node", "--max-semi-space-size=4", "--compact-on-every-full-gc", "--expose-gc", "/app/main.js"]
