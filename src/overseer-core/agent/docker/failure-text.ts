/** Lines of an unknown error that are shown. */
const SHOWN_LINES = 3;

/** Lines that report the progress of Compose: `Container web-1  Started`. */
const PROGRESS = /^(?:Container|Network|Volume|Image) \S+ +[A-Z][a-z]+$/;

/** A known failure: what Compose or the engine print, and the message with its remedy. */
interface KnownFailure {
  readonly pattern: RegExp;
  readonly text: (match: RegExpExecArray) => string;
}

/** The first match wins. The texts are those of Docker 20 to 29 and Compose 2.20 to 5. */
const KNOWN: readonly KnownFailure[] = [
  {
    pattern: /no space left on device/i,
    text: () => "the disk of the node is full: free space, for example with docker image prune, then deploy again",
  },
  {
    pattern:
      /Bind for (\S+) failed: port is already allocated|(?:listen \w+|exposing port \w+) (\S+?):? .*address already in use|bind: address already in use/i,
    text: (match) =>
      `host port ${match[1] ?? match[2] ?? "of the app"} is already in use on the node: publish another port, or stop what uses it`,
  },
  {
    pattern: /non-overlapping IPv4 address pool/i,
    text: () =>
      "Docker has no free addresses for another network: remove unused ones with docker network prune, then deploy again",
  },
  {
    pattern: /The container name "\/?([^"]+)" is already in use/i,
    text: (match) =>
      `the container name ${match[1]} is already in use on the node: remove container_name, or set another one`,
  },
  {
    pattern:
      /pull access denied for ([^\s,]+)|(?:unauthorized|denied|authentication required|no basic auth credentials)/i,
    text: (match) =>
      `the registry denied the pull${match[1] === undefined ? "" : ` of ${match[1]}`}: check the name of the image, and run docker login on the node if it is private`,
  },
  {
    pattern: /manifest for (\S+) not found|manifest unknown|(\S+): not found/i,
    text: (match) => `image ${match[1] ?? match[2] ?? ""} does not exist in its registry: check its name and tag`,
  },
  {
    pattern: /no matching manifest for (\S+)/i,
    text: (match) => `the image is not available for ${match[1]}: set another image or platform`,
  },
  {
    pattern:
      /(?:dial tcp|lookup) .*(?:no such host|connection refused|i\/o timeout|network is unreachable|server misbehaving)|read tcp .*connection reset by peer|TLS handshake timeout|net\/http: request canceled/i,
    text: () => "the registry of an image is not reachable from the node: check its network, then deploy again",
  },
];

/** Reports whether the output of the CLI says that the engine does not respond. */
export function saysUnreachable(stderr: string): boolean {
  return /cannot connect to the docker daemon|error during connect|read unix .*connection reset by peer|daemon is shutting down|docker\.sock: connect: /i.test(
    stderr,
  );
}

/** Explains the output of a failed Compose command. The output must be masked before. */
export function failureText(what: string, stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/level=warning/.test(line) && !PROGRESS.test(line));
  const text = lines.join("\n");
  for (const { pattern, text: explain } of KNOWN) {
    const match = pattern.exec(text);
    if (match !== null) return `${what}: ${explain(match)}; Docker says: ${lineOf(lines, match[0])}`;
  }
  const last = lines.slice(-SHOWN_LINES).join(" | ");
  return `${what}: ${last === "" ? "Docker gave no reason" : last}`;
}

/** Returns the line that contains a text. */
function lineOf(lines: readonly string[], text: string): string {
  const start = text.split("\n")[0] ?? "";
  return lines.find((line) => line.includes(start)) ?? start;
}
