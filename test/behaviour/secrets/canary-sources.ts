import { sealLabel, sealValue } from "../../../src/secrets/sealed/sealed-value.js";
import { appDocument } from "../../support/core-bench.js";
import { deployment } from "../../support/world.js";
import type { CanaryBench } from "./canary-bench.js";
import type { OutputName } from "./canary-outputs.js";

type Files = Readonly<Record<string, string>>;

/** A way by which values reach a destination. */
export interface Source {
  /** Name in the documentation. */
  readonly name: string;
  /** Files in Git. */
  readonly files?: (bench: CanaryBench, value: string) => Files | Promise<Files>;
  /** Sets what is not in Git. */
  readonly outside?: (bench: CanaryBench, value: string) => Promise<unknown>;
  /** What the destinations have. It must contain the value: otherwise the source would not show anything. */
  readonly live: (bench: CanaryBench) => Promise<string>;
  /** Outputs that show the value by design. */
  readonly shownBy?: readonly OutputName[];
}

const DATA_ONLY = { encrypted_regex: "^(data|stringData)$" };
const OWN = "overseer.io/v1";

const secretText = (apiVersion: string, name: string, rest: string): string =>
  `apiVersion: ${apiVersion}\nkind: Secret\nmetadata:\n  name: ${name}\n${rest}`;
/** A Secret document that takes `password` from a store. */
const reference = (name: string, from: object): string =>
  JSON.stringify({
    apiVersion: OWN,
    kind: "Secret",
    metadata: { name },
    spec: { values: { a: from }, data: { url: "https://u:${a}@db" } },
  });
/** The same file in the folders of both destinations. */
const both = (name: string, text: string): Files => ({ [`cluster/${name}`]: text, [`core/${name}`]: text });
const onBoth = async (bench: CanaryBench, secret: string, core: string): Promise<string> =>
  `${await bench.secretText(secret)} ${await bench.coreSecret(core)}`;

/** A chart whose ConfigMap has a value, as careless charts do. */
const CHART: Files = {
  "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
  "chart/values.yaml": "password: none\n",
  "chart/templates/cm.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: charted }\ndata: { url: 'db://{{ .Values.password }}@db' }\n",
};

/** All sources. Each has a value of its own, and another one after each rotation. */
export const SOURCES: readonly Source[] = [
  {
    name: "Secret that is readable in Git",
    files: (_bench, value) => ({
      "cluster/plain.yaml": secretText("v1", "plain", `stringData:\n  password: ${value}\n`),
    }),
    live: (bench) => bench.secretText("plain"),
  },
  {
    name: "SealedSecret with `unseal`",
    files: ({ parts: { sealing, world } }, value) => {
      const label = sealLabel("strict", world.namespace, "sealed");
      const encryptedData = { key: sealValue(sealing.publicKey, label, Buffer.from(value)) };
      const metadata = { name: "sealed" };
      const kind = "SealedSecret";
      return both(
        "sealed.yaml",
        JSON.stringify({ apiVersion: "bitnami.com/v1alpha1", kind, metadata, spec: { encryptedData } }),
      );
    },
    live: (bench) => onBoth(bench, "sealed", "sealed.key"),
  },
  {
    name: "SOPS with age: Secret",
    files: async ({ parts: { sops, age } }, value) => {
      const text = secretText("v1", "smtp", `stringData:\n  password: ${value}\n`);
      return both("age.yaml", await sops.encrypt("age.yaml", text, [age], [], DATA_ONLY));
    },
    live: (bench) => onBoth(bench, "smtp", "smtp.password"),
  },
  {
    name: "SOPS with age: other kinds",
    files: async ({ parts: { sops, age } }, value) => {
      const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata:\n  token: ${value}\n`;
      return { "cluster/settings.yaml": await sops.encrypt("settings.yaml", text, [age]) };
    },
    live: (bench) => bench.objectText("v1", "ConfigMap", "settings"),
  },
  {
    name: "SOPS with PGP",
    files: async ({ parts: { sops, pgp } }, value) => {
      const text = secretText("v1", "pgp", `stringData:\n  password: ${value}\n`);
      const rule = { ...DATA_ONLY, pgp: pgp.key.fingerprint };
      const env = { GNUPGHOME: pgp.keys.folder, PATH: process.env.PATH ?? "" };
      return { "cluster/pgp.yaml": await sops.encrypt("pgp.yaml", text, [], [], rule, env) };
    },
    live: (bench) => bench.secretText("pgp"),
  },
  {
    name: "`env_file` of a Compose app, with SOPS",
    files: async ({ parts: { sops, age } }, value) => {
      const file = await sops.encrypt("shop.env", `SMTP_LOGIN=${value}\n`, [age]);
      return both("shop.env", file);
    },
    live: (bench) => bench.allSecrets(),
  },
  {
    name: "Vault or OpenBao",
    outside: ({ parts: { bao } }, value) => bao.put("shop/db", { password: value }),
    files: () => both("vault.yaml", reference("vault", { store: "vault", name: "shop/db", key: "password" })),
    live: (bench) => onBoth(bench, "vault", "vault.url"),
  },
  {
    name: "template with a Secret of the cluster",
    outside: (bench, value) => bench.secret("pg", { password: value }),
    files: () => both("pg.yaml", reference("from-pg", { store: "cluster", name: "pg", key: "password" })),
    live: (bench) => onBoth(bench, "from-pg", "from-pg.url"),
  },
  {
    name: "template with a secret of a Core",
    outside: (bench, value) => bench.setCoreSecret("upstream", value),
    files: () => both("upstream.yaml", reference("from-core", { store: "core", name: "upstream" })),
    live: (bench) => onBoth(bench, "from-core", "from-core.url"),
  },
  {
    name: "`valuesFrom` of a chart",
    outside: (bench, value) => bench.secret("chart-values", { password: value }),
    files: () => CHART,
    live: (bench) => bench.objectText("v1", "ConfigMap", "charted"),
  },
  {
    name: "`substitute.from`",
    outside: (bench, value) => bench.secret("vars", { PASSWORD: value }),
    files: () => ({
      "vars/web.yaml": deployment("vars").concat("          env: [{ name: URL, value: 'db://${PASSWORD}@db' }]\n"),
    }),
    live: (bench) => bench.objectText("apps/v1", "Deployment", "vars"),
  },
  {
    name: "`overseer secret set`, with `restart.from`",
    outside: (bench, value) => bench.push("pushed", value),
    files: () => ({
      "cluster/web.yaml": deployment("web").concat("          envFrom: [{ secretRef: { name: pushed } }]\n"),
    }),
    live: (bench) => bench.secretText("pushed"),
  },
  {
    name: "variable of a Compose app that looks like a secret",
    files: (_bench, value) => {
      const environment = { DB_PASSWORD: value, URL: "${SECRET:from-pg.url}", SMTP: "${SECRET:smtp.password}" };
      const web = { image: "registry.example/web:1", environment, env_file: "shop.env" };
      return {
        "cluster/shop.yaml": appDocument("shop", { web }, { targetNode: undefined }),
        "core/shop.yaml": appDocument("shop", { web }),
      };
    },
    live: (bench) => bench.objectText("apps/v1", "Deployment", "shop-web"),
    // The app of a Core has its variables, as Git has.
    shownBy: ["API of the Core", "log and files of the Core"],
  },
];
