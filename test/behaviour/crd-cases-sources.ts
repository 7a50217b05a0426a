import type { BadSpec } from "./crd-cases.js";

const CORE = { overseer: { url: "https://core.example.com", secretRef: { name: "core" } } };
const OVERLAY = "overlay merges App documents and cannot be combined with kustomize or helm";
const RELATIVE = "overlay must be relative to the root of the repository and must not contain ..";

const VAULT = { url: "https://vault.example.com", auth: { kubernetes: { role: "shop" } } };

const STORED_CORE = { url: "https://core.example.com", secretRef: { name: "c" }, secrets: ["s"] };

/** Bad stores of secrets, in specs of apps and in recorded inputs. */
const badStores: readonly BadSpec[] = (["source", "inputs.source"] as const).flatMap((field): BadSpec[] => {
  const kind = field === "source" ? "OverseerApp" : "Change";
  const at = `spec.${field}.secretStores[0]`;
  const bad = (store: object, place: string, message: string): BadSpec => ({
    ...{ kind, set: { [`${field}.secretStores`]: [{ name: "one", ...store }] } },
    ...{ field: `${at}${place}`, message },
  });
  const url = (text: string): object => ({ vault: { ...VAULT, url: text } });
  const incomplete = "url must be a complete URL without user name and password, for example https://vault.example.com";
  const open = "url must begin with https://: a token is never sent over http:// to another machine";
  return [
    bad({}, "", "exactly one of kubernetes, vault and core must be set"),
    bad(
      { vault: { ...VAULT, auth: {} } },
      ".vault.auth",
      "exactly one of kubernetes, appRole and tokenSecretRef must be set",
    ),
    bad(url("https://user:pw@vault.example.com"), ".vault.url", incomplete),
    bad(url("http://vault.example.com"), ".vault.url", open),
    ...["http://core.example.com", "https://user:pw@core.example.com"].map((text) =>
      bad({ core: { ...STORED_CORE, url: text } }, ".core.url", text.startsWith("http:") ? open : incomplete),
    ),
    ...(["vault", "core"] as const).flatMap((type) =>
      [
        ["10ms", "must be 0s, or not shorter than 1s"],
        ["200h", "must not be longer than 168h"],
      ].map(([interval = "", message = ""]) =>
        bad({ [type]: { ...(type === "vault" ? VAULT : STORED_CORE), interval } }, `.${type}.interval`, message),
      ),
    ),
  ];
});

/** Bad overlays, and settings that a Core does not have. */
export const badSourceSpecs: readonly BadSpec[] = [
  ...(["source", "inputs.source"] as const).flatMap((field): BadSpec[] => {
    const kind = field === "source" ? "OverseerApp" : "Change";
    return [
      { kind, set: { [`${field}.overlay`]: "prod", [`${field}.helm`]: {} }, field: `spec.${field}`, message: OVERLAY },
      { kind, set: { [`${field}.overlay`]: "../prod" }, field: `spec.${field}.overlay`, message: RELATIVE },
    ];
  }),
  {
    kind: "OverseerApp",
    set: { destination: CORE, sync: { createNamespace: {} } },
    field: "spec.sync.createNamespace",
    message: "sync.createNamespace is only for destination.kubernetes: remove it",
  },
  ...badStores,
  {
    kind: "OverseerApp",
    set: { destination: CORE, "source.requiredSecrets": [{ name: "db" }] },
    field: "spec.source.requiredSecrets",
    message:
      "source.requiredSecrets is only for destination.kubernetes: apps of a Core wait for what ${SECRET:name} refers to",
  },
  {
    kind: "OverseerApp",
    set: { destination: CORE, "source.restart": { from: [{ kind: "Secret", name: "db" }] } },
    field: "spec.source.restart",
    message: "source.restart.from is only for destination.kubernetes: write restart: {}",
  },
  {
    kind: "Environment",
    set: { gates: { approval: { forbidAuthor: true } } },
    field: "spec.gates",
    message:
      "gates.approval.forbidAuthor requires identities: without them no author is known, and no approval would count",
  },
];
