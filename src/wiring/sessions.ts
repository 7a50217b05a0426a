import { readFile } from "node:fs/promises";
import { messageOf } from "../base/errors.js";
import { ConfigError } from "../config/errors.js";
import { IdTokens } from "../server/rest/session/id-tokens.js";
import { OidcSignIn } from "../server/rest/session/oidc.js";
import { Sealer } from "../server/rest/session/sealer.js";
import { Sessions } from "../server/rest/session/sessions.js";
import type { RoleParts } from "./role.js";

/** What the issuer of OpenID Connect is for. */
export interface IssuerParts {
  readonly sessions: Sessions;
  /** ID tokens of the command line; undefined without a client for it. */
  readonly idTokens: IdTokens | undefined;
}

/** Creates what signs users of the role api in; undefined without an issuer. Throws ConfigError if a file cannot be used. */
export async function createSessions({ config, clock, logger }: RoleParts): Promise<IssuerParts | undefined> {
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
  const audience = settings.cli?.clientId;
  const keysUrl = (): Promise<string> => oidc.keysUrl();
  return {
    sessions: new Sessions({ clock, sealer: new Sealer(clock, keys), oidc, sessionMs, publicUrl }),
    idTokens: audience === undefined ? undefined : new IdTokens({ settings, audience, keysUrl, logger }),
  };
}

async function readText(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new ConfigError(`${flag}: cannot read the file: ${messageOf(error)}`, "CONFIG_INVALID");
  }
}
