import { readFile } from "node:fs/promises";
import { messageOf } from "../base/errors.js";
import { ConfigError } from "../config/errors.js";
import { OidcSignIn } from "../server/rest/session/oidc.js";
import { Sealer } from "../server/rest/session/sealer.js";
import { Sessions } from "../server/rest/session/sessions.js";
import type { RoleParts } from "./role.js";

/** Creates the sessions of the role api; undefined without an issuer. Throws ConfigError if a file cannot be used. */
export async function createSessions({ config, clock, logger }: RoleParts): Promise<Sessions | undefined> {
  const { oidc: settings, publicUrl, sessionKeyFile, sessionMs } = config.signIn;
  if (settings === undefined || publicUrl === undefined) return undefined;
  const { clientSecretFile } = settings;
  if (sessionKeyFile === undefined)
    logger.warn("sessions end with this process, and are unknown to other replicas: set --session-key-file");
  const [keys, secret] = await Promise.all([
    sessionKeyFile === undefined ? undefined : readText(sessionKeyFile, "--session-key-file"),
    clientSecretFile === undefined ? undefined : readText(clientSecretFile, "--oidc-client-secret-file"),
  ]);
  const clientSecret = secret?.trim();
  const oidc = new OidcSignIn({ settings, clientSecret, publicUrl, logger });
  return new Sessions({ clock, sealer: new Sealer(clock, keys), oidc, sessionMs, publicUrl });
}

async function readText(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new ConfigError(`${flag}: cannot read the file: ${messageOf(error)}`, "CONFIG_INVALID");
  }
}
