import type { HttpProxy } from "../../base/proxy.js";
import { SecretReader } from "./secret-reader.js";

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443", "socks5:": "1080" };

/** Maximum bytes of a user name or password for SOCKS5. */
const SOCKS_LIMIT = 255;

/**
 * Reads a proxy from the `data` (base64 values) of a Kubernetes Secret with the keys of Flux: `address` (`http://`, `https://` or
 * `socks5://`), and optionally `username` and `password`. Throws `GIT_CREDENTIAL_INVALID`; `where` names the Secret.
 */
export function proxyFromSecret(data: Readonly<Record<string, string>>, where: string): HttpProxy {
  const secret = new SecretReader(data, where);
  const address = secret.line("address")?.trim();
  if (address === undefined)
    throw secret.invalid("has no address: add the URL of the proxy, like http://proxy.example.com:3128, as address");
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const port = url === undefined ? undefined : url.port || DEFAULT_PORTS[url.protocol];
  if (url === undefined || DEFAULT_PORTS[url.protocol] === undefined || url.hostname === "" || port === undefined)
    throw secret.invalid(
      "has an address that is not the URL of a proxy: it must begin with http://, https:// or socks5://",
    );
  if (url.username !== "" || url.password !== "")
    throw secret.invalid("has a user name or password in address: use the keys username and password");
  if (!/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "")
    throw secret.invalid("has an address with a path: a proxy has only a host and a port");
  const [username, password] = [secret.line("username"), secret.line("password")];
  if ((username === undefined) !== (password === undefined))
    throw secret.invalid("has only one of username and password: add the other one");
  const isLong = [username, password].some((value) => Buffer.byteLength(value ?? "") > SOCKS_LIMIT);
  if (url.protocol === "socks5:" && isLong)
    throw secret.invalid("has a username or password of more than 255 bytes, which SOCKS5 does not support");
  return {
    url: `${url.protocol}//${url.hostname}:${port}`,
    address: `${url.hostname}:${port}`,
    variable: where,
    credential: username === undefined || password === undefined ? undefined : { username, password },
  };
}
