const PATTERN = /^(\*|(?:\*\.)?[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i;

/** Returns whether `text` is a pattern of `HostRules`. */
export function isHostPattern(text: string): boolean {
  return PATTERN.test(text);
}

/**
 * Allowed hosts: names or addresses, `*.example.com` for all names below a domain, or `*`, each optionally with `:port`. Without
 * a port, all ports are allowed. Without patterns, all hosts are allowed.
 */
export class HostRules {
  readonly #rules: readonly { readonly host: string; readonly port: number | undefined }[] | undefined;

  constructor(patterns: readonly string[] | undefined) {
    this.#rules = patterns?.map((pattern) => {
      const [, host = "", port] = PATTERN.exec(pattern) ?? [];
      return { host: plain(host), port: port === undefined ? undefined : Number(port) };
    });
  }

  /** Returns whether connections to `host` (an IPv6 address with or without brackets) at `port` are allowed. */
  allows(host: string, port: number): boolean {
    const name = plain(host);
    return this.#rules?.some((rule) => (rule.port ?? port) === port && matches(name, rule.host)) ?? true;
  }
}

function matches(name: string, rule: string): boolean {
  if (rule === "*" || name === rule) return true;
  return rule.startsWith("*.") && name.endsWith(rule.slice(1));
}

function plain(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/(?<=.)\.$/, "");
}
