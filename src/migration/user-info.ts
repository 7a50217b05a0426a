import type { Fields } from "./fields.js";
import type { Findings } from "./finding.js";

/** A URL without what signs in, and whether it had something. */
export interface PlainUrl {
  readonly url: string;
  readonly hadUserInfo: boolean;
}

/**
 * Removes a user name and password from a URL, with or without a scheme. The user of an SSH address stays, since the server needs it and it
 * is no secret; a password in it does not.
 */
export function withoutUserInfo(url: string): PlainUrl {
  const [, scheme = "", authority = "", rest = ""] =
    /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)(.*)$/is.exec(url.trim()) ?? [];
  const at = authority.lastIndexOf("@");
  if (at < 0) return { url, hadUserInfo: false };
  const host = authority.slice(at + 1);
  const [user = "", ...password] = authority.slice(0, at).split(":");
  const isSsh = /^(git\+)?ssh:\/\/$/i.test(scheme) || (scheme === "" && host.includes(":") && password.length === 0);
  if (!isSsh) return { url: `${scheme}${host}${rest}`, hadUserInfo: true };
  return password.length === 0
    ? { url, hadUserInfo: false }
    : { url: `${scheme}${user}@${host}${rest}`, hadUserInfo: true };
}

/** Reads the URL of a repository without what signs in, which must not be written into manifests; `where` says where a Secret is needed. */
export function readUrl(fields: Fields, name: string, where: string, findings: Findings): string | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const { url, hadUserInfo } = withoutUserInfo(text);
  // A slash in a password would end the host here, and the password would be left.
  if (/^https?:/i.test(url) && !URL.canParse(url))
    findings.add(
      "blocked",
      fields.pathOf(name),
      "is no valid URL: percent-encode special characters, and keep passwords in Secrets",
    );
  if (hadUserInfo)
    findings.add(
      "manual",
      fields.pathOf(name),
      `has a user name or password, which are not written into the manifest: make a Secret with username and password ${where}`,
    );
  return url;
}
