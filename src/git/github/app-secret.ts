import { createPrivateKey } from "node:crypto";
import { attempt, type SecretReader } from "../credentials/secret-reader.js";
import type { GithubApp } from "../engine.js";

const APP_ID = "githubAppID";
const INSTALLATION_ID = "githubAppInstallationID";
const PRIVATE_KEY = "githubAppPrivateKey";
const BASE_URLS = ["githubAppBaseURL", "githubAppEnterpriseBaseUrl"] as const;

/** Keys of a Secret for a GitHub App, as in Flux and Argo CD. */
export const GITHUB_APP_KEYS = [APP_ID, INSTALLATION_ID, PRIVATE_KEY, ...BASE_URLS] as const;

/**
 * Reads a GitHub App from a Secret; undefined if it has none of its keys. Without `githubAppInstallationID`, the installation is
 * looked up by the repository. Without `githubAppBaseURL`, the API is that of the host of `url`. Throws `GIT_CREDENTIAL_INVALID`.
 */
export function githubAppOf(secret: SecretReader, url: string): GithubApp | undefined {
  if (secret.keyOf(...GITHUB_APP_KEYS) === undefined) return undefined;
  const id = secret.line(APP_ID);
  const privateKey = secret.text(PRIVATE_KEY);
  const installation = secret.line(INSTALLATION_ID);
  if (id === undefined || privateKey === undefined) {
    const missing = id === undefined ? APP_ID : PRIVATE_KEY;
    throw secret.invalid(`has keys of a GitHub App but no ${missing}: add it`);
  }
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) throw secret.invalid(`has a ${APP_ID} that is not the ID of a GitHub App`);
  if (installation !== undefined && !/^[0-9]{1,20}$/.test(installation))
    throw secret.invalid(`has a ${INSTALLATION_ID} that is not a number`);
  const key = attempt(() => createPrivateKey(privateKey));
  if (key?.asymmetricKeyType !== "rsa")
    throw secret.invalid(
      `has no RSA private key in PEM format in ${PRIVATE_KEY}: copy the whole file that GitHub generated`,
    );
  return {
    id,
    ...(installation === undefined ? {} : { installation }),
    privateKey,
    ...apiOf(secret, url),
  };
}

function apiOf(secret: SecretReader, url: string): Pick<GithubApp, "api" | "isOwnApi"> {
  const name = secret.keyOf(...BASE_URLS);
  const given = name === undefined ? undefined : secret.line(name)?.replace(/\/+$/, "");
  if (given === undefined) return { api: apiOfHost(url), isOwnApi: false };
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  const isPlain = parsed?.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(parsed.hostname);
  if (
    parsed === undefined ||
    (parsed.protocol !== "https:" && !isPlain) ||
    parsed.username !== "" ||
    parsed.search !== ""
  )
    throw secret.invalid(`has a ${name} that is not an https:// URL, like https://github.example.com/api/v3`);
  return { api: given, isOwnApi: true };
}

function apiOfHost(url: string): string {
  const { origin, host } = URL.canParse(url) ? new URL(url) : { origin: "", host: "" };
  if (host === "github.com" || host.endsWith(".ghe.com")) return `https://api.${host}`;
  return `${origin}/api/v3`;
}
