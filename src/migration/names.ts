import { sha256 } from "../base/hash.js";
import { withoutUserInfo } from "./user-info.js";

/** Maximum length of the name of an OverseerApp: it is part of its field manager and of the names of its Changes. */
const MAX_APP_NAME = 53;

/** Makes a valid name of an OverseerApp; longer ones are cut and end with a hash. */
export function appName(name: string): string {
  const valid = slug(name);
  return valid.length <= MAX_APP_NAME ? valid : withHash(valid, name);
}

/** Makes a name that differs from others with the same beginning, by a hash of `distinction`. */
export function withHash(name: string, distinction: string): string {
  return `${slug(name)
    .slice(0, MAX_APP_NAME - 9)
    .replace(/-+$/, "")}-${sha256(distinction, 8)}`;
}

/** Lower case letters, digits and dashes. */
export function slug(text: string): string {
  const cleaned = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return cleaned === "" ? "app" : cleaned;
}

/** Name for a repository: the last part of its URL without `.git`. */
export function repositoryName(url: string): string {
  const last = url.replace(/\/+$/, "").split(/[/:]/).at(-1) ?? "";
  return slug(last.replace(/\.git$/, ""))
    .slice(0, 50)
    .replace(/-+$/, "");
}

/** A URL in the form in which equal repositories are equal: without credentials, `.git`, a slash at the end, and capitals of the host. */
export function comparableUrl(url: string): string {
  const plain = withoutUserInfo(url)
    .url.trim()
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
  const host = /^([a-z+]+:\/\/)([^/]*)(.*)$/i.exec(plain);
  return host === null ? plain : `${host[1]?.toLowerCase()}${host[2]?.toLowerCase()}${host[3]}`;
}
