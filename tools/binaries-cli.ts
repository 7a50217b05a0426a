import {
  ensureArgo,
  ensureControlPlaneBinaries,
  ensureCoreDns,
  ensureDockerCompose,
  ensureFlux,
  ensureGitea,
  ensureOpenBao,
  ensurePrometheus,
  ensureRegistry,
  ensureSops,
  MissingBinaryError,
} from "./binaries.js";

/**
 * `node build/tools/binaries-cli.js [tests|argocd]`: installs what is missing, for the control plane, for the tests or for those with Argo CD, and
 * prints `name path` lines.
 */
async function main(): Promise<void> {
  const purpose = process.argv[2];
  if (purpose === "argocd") return print({ "argocd-parts": await ensureArgo() });
  const binaries =
    purpose === "tests"
      ? {
          registry: await ensureRegistry(),
          gitea: await giteaIfPossible(),
          "docker-compose": await ensureDockerCompose(),
          bao: await ensureOpenBao(),
          sops: await ensureSops(),
          coredns: await ensureCoreDns(),
          "kustomize-controller": await ensureFlux("kustomize-controller"),
          "helm-controller": await ensureFlux("helm-controller"),
          ...(await prometheusIfPossible()),
        }
      : await ensureControlPlaneBinaries();
  print(binaries);
}

function print(binaries: object): void {
  for (const [name, path] of Object.entries(binaries)) process.stdout.write(`${name} ${path}\n`);
}

/** Without Prometheus, the tests of dashboards and alerts fail; all others can run. */
async function prometheusIfPossible(): Promise<Record<string, string>> {
  return ensurePrometheus().catch((error: unknown): Record<string, string> => {
    if (!(error instanceof MissingBinaryError)) throw error;
    process.stderr.write(`${error.message}\nThe tests of dashboards and alerts will fail.\n`);
    return {};
  });
}

/** Without Gitea, its tests are skipped: it needs more than the others, a C compiler. */
async function giteaIfPossible(): Promise<string> {
  return ensureGitea().catch((error: unknown) => {
    if (!(error instanceof MissingBinaryError)) throw error;
    process.stderr.write(`${error.message}\nThe tests with Gitea are skipped.\n`);
    return "missing";
  });
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
