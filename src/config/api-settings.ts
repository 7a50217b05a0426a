import { isIP } from "node:net";
import { z } from "zod";
import { parseDuration } from "../base/duration.js";
import { ConfigError } from "./errors.js";

const text = z.string().trim().min(1, "must not be empty");
const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(\/|$)/;

const secureUrl = text.refine((value) => {
  if (!URL.canParse(value)) return false;
  const { username, search, hash } = new URL(value);
  return (value.startsWith("https://") || LOOPBACK.test(value)) && username === "" && search === "" && hash === "";
}, "must be an https:// URL without query, or http:// on localhost");

const HOUR_MS = 3_600_000;
const sessionDuration = text.transform((value, context): number => {
  const ms = parseDuration(value);
  if (ms !== undefined && ms >= 300_000 && ms <= 24 * HOUR_MS) return ms;
  context.addIssue({ code: "custom", message: "must be a duration between 5m and 24h, like 8h" });
  return z.NEVER;
});

const networks = z.string().transform((value, context): readonly string[] => {
  const all = value.split(",").map((one) => one.trim());
  const given = all.filter((one) => one !== "");
  const invalid = given.find((one) => !isNetwork(one));
  if (invalid === undefined) return given;
  context.addIssue({
    code: "custom",
    message: `contains ${JSON.stringify(invalid)}, which is not an address or network like 10.0.0.0/8`,
  });
  return z.NEVER;
});

function isNetwork(text: string): boolean {
  const [address = "", prefix, more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more !== undefined) return false;
  return prefix === undefined || (/^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

/** Parses and validates the settings of the role api, besides its address. */
export const API_SETTING_SCHEMAS = {
  "public-url": secureUrl,
  "trusted-proxies": networks,
  "leader-token-file": text,
  "session-key-file": text,
  "session-duration": sessionDuration,
  "oidc-issuer": secureUrl,
  "oidc-name": text.max(64, "must have at most 64 characters"),
  "oidc-client-id": text,
  "oidc-client-secret-file": text,
  "oidc-scopes": text.refine((value) => value.split(/\s+/).includes("openid"), "must include openid"),
  "oidc-cli-client-id": text,
  "oidc-cli-scopes": text.refine((value) => value.split(/\s+/).includes("openid"), "must include openid"),
  "oidc-username-claim": text,
  "oidc-username-prefix": z.string().trim(),
  "oidc-groups-claim": text,
  "oidc-groups-prefix": z.string().trim(),
} as const;

const VALUES = z.object(API_SETTING_SCHEMAS).partial();
type Values = z.infer<typeof VALUES>;

/** Settings of sessions and of the sign-in by OpenID Connect. */
export interface SignInSettings {
  /** Without a slash at the end. */
  readonly publicUrl: string | undefined;
  readonly sessionKeyFile: string | undefined;
  readonly sessionMs: number;
  readonly oidc: OidcSettings | undefined;
}

/** Settings of the issuer. */
export interface OidcSettings {
  readonly issuer: string;
  readonly name: string | undefined;
  readonly clientId: string;
  readonly clientSecretFile: string | undefined;
  readonly scopes: string;
  /** The client of the command line; undefined if it cannot sign in. */
  readonly cli?: { readonly clientId: string; readonly scopes: string } | undefined;
  readonly usernameClaim: string;
  readonly usernamePrefix: string;
  readonly groupsClaim: string;
  readonly groupsPrefix: string;
}

/** Completes the settings of the sign-in. Throws ConfigError if some are missing. */
export function signInSettings(values: Values): SignInSettings {
  const publicUrl = values["public-url"]?.replace(/\/+$/, "");
  return {
    publicUrl,
    sessionKeyFile: values["session-key-file"],
    sessionMs: values["session-duration"] ?? 8 * HOUR_MS,
    oidc: oidcSettings(values, publicUrl),
  };
}

function oidcSettings(values: Values, publicUrl: string | undefined): OidcSettings | undefined {
  const { "oidc-issuer": issuer, "oidc-client-id": clientId, "oidc-username-prefix": prefix } = values;
  const { "oidc-cli-client-id": cliClientId } = values;
  if (cliClientId !== undefined && issuer === undefined)
    throw new ConfigError("--oidc-cli-client-id needs --oidc-issuer", "CONFIG_INVALID");
  if (issuer === undefined && clientId === undefined) return undefined;
  if (issuer === undefined || clientId === undefined || publicUrl === undefined)
    throw new ConfigError("sign-in by OIDC needs --oidc-issuer, --oidc-client-id and --public-url", "CONFIG_INVALID");
  const usernameClaim = values["oidc-username-claim"] ?? "sub";
  // As the API server does, so that both know a user by the same name.
  const defaultPrefix = usernameClaim === "email" ? "" : `${issuer}#`;
  const scopes = values["oidc-scopes"] ?? "openid profile email";
  const cliScopes = values["oidc-cli-scopes"] ?? `${scopes} offline_access`;
  return {
    issuer,
    name: values["oidc-name"],
    clientId,
    clientSecretFile: values["oidc-client-secret-file"],
    scopes,
    cli: cliClientId === undefined ? undefined : { clientId: cliClientId, scopes: cliScopes },
    usernameClaim,
    usernamePrefix: prefix === undefined ? defaultPrefix : prefix === "-" ? "" : prefix,
    groupsClaim: values["oidc-groups-claim"] ?? "groups",
    groupsPrefix: values["oidc-groups-prefix"] ?? "",
  };
}
