import { execFile } from "node:child_process";
import { type GitCredential, type GitRemote, gitRemote } from "../../git/index.js";

/** Time limit of a credential helper of Git in milliseconds. */
const HELPER_MS = 30_000;

/**
 * Returns the remote `origin` of a work tree with the credential that Git has for it, in this order: the URL, `http.extraHeader` (as set
 * by CI systems), and a credential helper. No user is asked for a password. Undefined if there is no origin that is read by HTTP.
 */
export async function originOf(root: string): Promise<GitRemote | undefined> {
  const text = await git(root, ["remote", "get-url", "origin"]);
  if (text === undefined || !/^https?:/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const credential = ofUrl(url) ?? (await ofHeader(root, url)) ?? (await ofHelper(root, url));
  const plain = `${url.protocol}//${url.host}${url.pathname}`;
  try {
    return gitRemote(plain, credential);
  } catch {
    return undefined;
  }
}

function ofUrl({ username, password }: URL): GitCredential | undefined {
  if (username === "" && password === "") return undefined;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    // A percent sign that encodes nothing stands for itself.
    return { username, password };
  }
}

async function ofHeader(root: string, { protocol, host, pathname }: URL): Promise<GitCredential | undefined> {
  const header = await git(root, ["config", "--get-urlmatch", "http.extraHeader", `${protocol}//${host}${pathname}`]);
  const [, scheme = "", value = ""] = /^authorization:\s*(basic|bearer)\s+(\S+)$/i.exec(header ?? "") ?? [];
  if (value === "") return undefined;
  if (scheme.toLowerCase() === "bearer") return { bearerToken: value };
  const [username = "", ...password] = Buffer.from(value, "base64").toString().split(":");
  return { username, password: password.join(":") };
}

async function ofHelper(root: string, { protocol, host, pathname }: URL): Promise<GitCredential | undefined> {
  const input = `protocol=${protocol.slice(0, -1)}\nhost=${host}\npath=${pathname.slice(1)}\n\n`;
  const found = await git(root, ["credential", "fill"], input);
  const fieldOf = (key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(found ?? "")?.[1] ?? "";
  return fieldOf("password") === "" ? undefined : { username: fieldOf("username"), password: fieldOf("password") };
}

/** Output of a command of Git without the newline; undefined where it fails. It never asks a user. */
function git(cwd: string, args: readonly string[], input = ""): Promise<string | undefined> {
  const env = { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "true", GCM_INTERACTIVE: "never" };
  return new Promise((done) => {
    const child = execFile("git", [...args], { cwd, env, timeout: HELPER_MS }, (error, stdout) =>
      done(error ? undefined : stdout.trimEnd()),
    );
    // Without Git, the pipe is broken before it is written to.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}
