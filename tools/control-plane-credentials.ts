import { generateKeyPair, randomBytes } from "node:crypto";
import { chmod, writeFile } from "node:fs/promises";
import { promisify } from "node:util";

/** A user that authenticates with a bearer token. */
export interface ControlPlaneUser {
  readonly name: string;
  readonly groups?: readonly string[];
  /** Defaults to a random token. */
  readonly token?: string;
}

/** User of `adminToken`; its group has all permissions. */
export const ADMIN_USER: ControlPlaneUser = { name: "admin", groups: ["system:masters"] };

/** Users of the components of a control plane; Kubernetes has default roles for them. */
export const COMPONENT_USERS: readonly ControlPlaneUser[] = [
  { name: "system:kube-controller-manager" },
  { name: "system:kube-scheduler" },
  { name: "kwok", groups: ["system:masters"] },
];

/** Users of the demo and the tests. They have the permissions that RBAC grants to their groups, initially none. */
export const SAMPLE_USERS: readonly ControlPlaneUser[] = [
  { name: "alice", groups: ["developers"] },
  { name: "bob", groups: ["approvers"] },
  { name: "carol", groups: ["viewers"] },
];

/** Bearer tokens by user name. */
export type Tokens = Readonly<Record<string, string>>;

/**
 * Writes the file for `--token-auth-file` (mode 0600) and returns the tokens. Throws on a duplicate name and on text that
 * would break the CSV.
 */
export async function writeTokenFile(path: string, users: readonly ControlPlaneUser[]): Promise<Tokens> {
  const tokens: Record<string, string> = {};
  const lines = users.map((user, index) => {
    const token = user.token ?? randomBytes(24).toString("base64url");
    const groups = user.groups ?? [];
    if (user.name in tokens) throw new Error(`duplicate user ${user.name}`);
    for (const text of [user.name, token, ...groups]) {
      if (!/^[^\s",]+$/.test(text))
        throw new Error(`blank, quote or comma in a user's name, token or group: ${user.name}`);
    }
    tokens[user.name] = token;
    return `${token},${user.name},uid-${index + 1},"${groups.join(",")}"`;
  });
  await writePrivate(path, `${lines.join("\n")}\n`);
  return tokens;
}

/** Writes the RSA key that signs service account tokens. */
export async function writeServiceAccountKey(path: string): Promise<void> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  await writePrivate(path, privateKey.export({ type: "pkcs1", format: "pem" }).toString());
}

/** Contents of a kubeconfig file. */
export interface KubeconfigContent {
  readonly url: string;
  readonly caPem: string;
  readonly user: string;
  readonly token: string;
}

/** Writes a kubeconfig file (mode 0600; JSON, which is YAML too). */
export async function writeKubeconfig(path: string, content: KubeconfigContent): Promise<void> {
  const name = "overseer-gitops";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: content.url,
          "certificate-authority-data": Buffer.from(content.caPem).toString("base64"),
        },
      },
    ],
    users: [{ name: content.user, user: { token: content.token } }],
    contexts: [{ name, context: { cluster: name, user: content.user } }],
    "current-context": name,
  };
  await writePrivate(path, `${JSON.stringify(config, null, 2)}\n`);
}

/** Also restricts the mode of an existing file. */
async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
}
