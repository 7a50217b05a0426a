import { join } from "node:path";
import { ensureCommandLineBinaries } from "./binaries.js";
import { DemoKube } from "./demo/kube.js";
import { DevLoop } from "./dev/dev-loop.js";
import { startNamedControlPlane } from "./named-control-plane.js";
import { OPERATOR_NODE_FLAGS } from "./operator-command.js";
import { repositoryRoot } from "./repository-root.js";

/**
 * `node build/tools/dev.js [FLAGS OF THE OPERATOR]`: runs the operator of this tree against a control plane that stays, and builds and
 * restarts it whenever a file in src/ changes. The namespace `default` is trusted, so that apps need no ServiceAccount.
 */
async function main(args: readonly string[]): Promise<void> {
  const root = repositoryRoot();
  const say = (text: string): boolean => process.stderr.write(`dev: ${text}\n`);
  const { kubeconfigPath } = await startNamedControlPlane("dev");
  const kube = await DemoKube.connect(kubeconfigPath);
  await kube.installDefinitions();
  kube.close();
  const { kubectl, helm } = await ensureCommandLineBinaries();
  const flags = {
    kubeconfig: kubeconfigPath,
    "cache-dir": join(root, "build/dev-cache"),
    "metrics-address": "127.0.0.1:8080",
    "trusted-namespaces": "default",
    "leader-election": "false",
    roles: "controller",
    kubectl,
    helm,
  };
  const operator = [...OPERATOR_NODE_FLAGS, "--enable-source-maps", join(root, "build/src/main.js")];
  say(
    `export KUBECONFIG='${kubeconfigPath}'   # ${kubectl}; node build/tools/control-plane-cli.js stop --name dev ends it`,
  );
  const loop = new DevLoop({
    folder: join(root, "src"),
    build: [join(root, "node_modules/.bin/tsc"), "-p", root],
    program: [
      process.execPath,
      ...operator,
      ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      ...args,
    ],
    say,
  });
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
  await loop.run(stopping.signal);
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
