import { z } from "zod";
import { DURATION_PATTERN } from "../base/duration.js";
import { atomicList, atomicMap, localRef, objectName, withRules } from "./fields.js";

const url = (what: string) =>
  withRules(
    z
      .string()
      .min(1)
      .max(2048)
      .describe(
        `URL of ${what}. Must start with https://; http:// is allowed for localhost only. Must not contain a user name or password. Hosts with private addresses need --secret-store-hosts of the operator.`,
      ),
    [
      {
        rule: "isURL(self) && url(self).getHostname() != '' && !self.matches('^[a-z]+://[^/?#]*@')",
        message: "url must be a complete URL without user name and password, for example https://vault.example.com",
      },
      {
        rule: "self.startsWith('https://') || self.matches('^http://(localhost|127[.]0[.]0[.]1|[[]::1[]])([:/]|$)')",
        message: "url must begin with https://: a token is never sent over http:// to another machine",
      },
    ],
  );

const pathOf = (description: string) =>
  z
    .string()
    .min(1)
    .max(256)
    .regex(/^[A-Za-z0-9_-]([-A-Za-z0-9_./]*[A-Za-z0-9_-])?$/)
    .describe(description);

const caSecretRef = localRef(
  "Secret with the key ca.crt, the CA of the server's certificate. If unset, the system's CAs are used.",
).optional();

const interval = withRules(z.string().max(32).regex(new RegExp(DURATION_PATTERN)), [
  {
    rule: "duration(self) == duration('0s') || duration(self) >= duration('1s')",
    message: "must be 0s, or not shorter than 1s",
  },
  { rule: "duration(self) <= duration('168h')", message: "must not be longer than 168h" },
])
  .describe(
    "How often values are read again, so that changed values are applied. If 0s, they are read when the source or the app changes, when a reconcile is requested, and after a start of the operator. A duration such as 30s, 3m or 1h30m. Defaults to 0s.",
  )
  .default("0s");

const keyRef = (description: string, fallback: string) =>
  atomicMap(
    z
      .object({
        name: objectName("Name of the Secret, in the namespace of the app."),
        key: z
          .string()
          .min(1)
          .max(253)
          .regex(/^[-._a-zA-Z0-9]+$/)
          .optional()
          .describe(`Key of the Secret. Defaults to ${fallback}.`),
      })
      .describe(description),
  );

/** How the operator authenticates at Vault. */
export const VaultAuth = withRules(
  z
    .object({
      kubernetes: z
        .object({
          role: z.string().min(1).max(256).describe("Role of the auth method."),
          path: pathOf("Path of the auth method. Defaults to kubernetes.").optional(),
          audience: z
            .string()
            .min(1)
            .max(256)
            .optional()
            .describe("Audience of the token. Defaults to that of the API server."),
        })
        .describe(
          "Authenticates with a token of the app's ServiceAccount, which needs the verb create for serviceaccounts/token of its own name.",
        )
        .optional(),
      appRole: z
        .object({
          roleId: z.string().min(1).max(256).describe("Role ID."),
          secretRef: keyRef("Secret with the secret ID.", "secret-id"),
          path: pathOf("Path of the auth method. Defaults to approle.").optional(),
        })
        .describe("Authenticates as an AppRole.")
        .optional(),
      tokenSecretRef: keyRef("Secret with a token. It is renewed while apps use it, if it can be.", "token").optional(),
    })
    .describe("Authentication: exactly one of kubernetes, appRole and tokenSecretRef."),
  [
    {
      rule: "[has(self.kubernetes), has(self.appRole), has(self.tokenSecretRef)].filter(set, set).size() == 1",
      message: "exactly one of kubernetes, appRole and tokenSecretRef must be set",
    },
  ],
);
export type VaultAuth = z.infer<typeof VaultAuth>;

/** A KV engine of version 2 of Vault or OpenBao. */
export const VaultStore = z
  .object({
    url: url("the server"),
    mount: pathOf("Path of the KV engine. It must have version 2. Defaults to secret.").optional(),
    namespace: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[A-Za-z0-9_-]([-A-Za-z0-9_./]*[A-Za-z0-9_-])?$/)
      .optional()
      .describe("Namespace of Vault Enterprise or OpenBao."),
    caSecretRef,
    auth: VaultAuth,
    interval,
  })
  .describe("KV engine of HashiCorp Vault or OpenBao.");
export type VaultStore = z.infer<typeof VaultStore>;

/** Secrets of an Overseer Core. */
export const CoreStore = z
  .object({
    url: url("the Core"),
    secretRef: localRef("Secret with the key token: a token of role secret-reader."),
    caSecretRef,
    secrets: atomicList(
      z
        .string()
        .min(1)
        .max(128)
        .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/)
        .describe("Name of a global secret."),
      50,
      "Global secrets of the Core that documents may refer to. Those that begin with backup. are never read.",
    ),
    interval,
  })
  .describe("Global secrets of an Overseer Core.");
export type CoreStore = z.infer<typeof CoreStore>;

/** Secrets in the namespace of an app. */
export const KubernetesStore = z
  .object({
    secrets: atomicList(
      objectName("Name of a Secret."),
      50,
      "Secrets that documents may refer to, in the namespace of the app. They are read as the ServiceAccount of the app, which needs get, and are watched.",
    ),
  })
  .describe("Secrets of the cluster of the operator.");

/** A store that Secret documents take values from. */
export const SecretStore = withRules(
  z
    .object({
      name: z
        .string()
        .min(1)
        .max(63)
        .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
        .describe("Name of the store, for the documents."),
      kubernetes: KubernetesStore.optional(),
      vault: VaultStore.optional(),
      core: CoreStore.optional(),
    })
    .describe("A store of secrets: exactly one of kubernetes, vault and core."),
  [
    {
      rule: "[has(self.kubernetes), has(self.vault), has(self.core)].filter(set, set).size() == 1",
      message: "exactly one of kubernetes, vault and core must be set",
    },
  ],
);
export type SecretStore = z.infer<typeof SecretStore>;
