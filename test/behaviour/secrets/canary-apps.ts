import type { CanaryBench } from "./canary-bench.js";

/** The apps, each with the folder of its name as source. */
export const APPS = ["cluster", "chart", "vars", "core"] as const;

/** Makes the apps. */
export async function makeApps({ parts: { world, core, bao } }: CanaryBench): Promise<void> {
  const source = (path: string, rest: object) => ({
    ...(path === "core" ? {} : { serviceAccountName: "deployer" }),
    source: { repositoryRef: { name: "all" }, path, ...rest },
  });
  const auth = { tokenSecretRef: { name: "vault-token" } };
  const secretStores = [
    {
      name: "vault",
      vault: { url: bao.url, caSecretRef: { name: "vault-ca" }, mount: "secret", auth, interval: "1s" },
    },
    { name: "cluster", kubernetes: { secrets: ["pg"] } },
    {
      name: "core",
      core: { url: core.core.url, secretRef: { name: "core-reader" }, secrets: ["upstream"], interval: "1s" },
    },
  ];
  const values = {
    decryption: { provider: "sops", secretRef: { name: "sops" } },
    unseal: { secretRef: { name: "sealing" } },
    secretStores,
  };
  const pushed = {
    requiredSecrets: [{ name: "pushed", keys: ["password"] }],
    restart: { from: [{ kind: "Secret", name: "pushed" }] },
  };
  const from = { kind: "Secret", name: "chart-values", valuesKey: "password", targetPath: "password" };
  await world.app("cluster", "all", "cluster", source("cluster", { ...values, ...pushed }));
  await world.app("chart", "all", "chart", source("chart", { helm: { valuesFrom: [from] } }));
  await world.app("vars", "all", "vars", source("vars", { substitute: { from: [{ kind: "Secret", name: "vars" }] } }));
  await core.app("core", "all", "core", source("core", { ...values, restart: {} }));
}
