/** An archive of the release for one platform. */
export interface KrewArchive {
  readonly os: string;
  readonly arch: string;
  readonly uri: string;
  readonly sha256: string;
}

/** Formats the manifest of the plug-in for krew. The executable must run alone: krew installs no Node.js. */
export function krewManifest(version: string, archives: readonly KrewArchive[]): string {
  const platforms = archives.map(
    ({ os, arch, uri, sha256 }) => `    - selector:
        matchLabels:
          os: ${os}
          arch: ${arch}
      uri: ${uri}
      sha256: "${sha256}"
      bin: overseer
      files:
        - from: overseer
          to: .
        - from: LICENSE
          to: .
`,
  );
  return `apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: overseer
spec:
  version: v${version}
  homepage: https://github.com/overseer/overseer-gitops
  shortDescription: Review, sync and explain GitOps apps
  description: |
    Command line of Overseer GitOps. Lists and describes apps, says why an app is
    not synced or healthy, requests syncs and rollbacks, shows and approves the
    plans of Changes, and checks manifests without a cluster.
  platforms:
${platforms.join("")}`;
}
