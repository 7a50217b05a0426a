import { CommandError, runCommand } from "./run-command.js";

/** A file of a commit: text, bytes, or with the mode that Git gives to programs and symbolic links. */
export type GitFile =
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly mode: "100644" | "100755" | "120000" };

/** Files by path; null deletes the file or folder of that path, present or not. */
export type GitChanges = Readonly<Record<string, GitFile | null>>;

/** Where and as whom to commit. */
export interface CommitOptions {
  /** The repository's default branch unless told; made when it does not exist. */
  readonly branch?: string;
  /** Another parent than the tip of the branch, whose history is then rewritten; null for none. */
  readonly parent?: string | null;
  /** `Name <address>`; `Overseer Demo <demo@example.com>` unless told. */
  readonly author?: string;
  /** Seconds since the epoch; now unless told. */
  readonly date?: number;
}

const IDENTITY = { name: "Overseer Demo", address: "demo@example.com" };

/** The environment for Git: the person's own configuration and identity play no part. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH ?? "",
    HOME: "/nonexistent",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: IDENTITY.name,
    GIT_AUTHOR_EMAIL: IDENTITY.address,
    GIT_COMMITTER_NAME: IDENTITY.name,
    GIT_COMMITTER_EMAIL: IDENTITY.address,
  };
}

/** A bare repository that a Git server serves, written to without a work tree. */
export class GitRepo {
  /** For clients. */
  readonly url: string;
  /** The bare repository's folder. */
  readonly path: string;
  readonly defaultBranch: string;
  /** Commits follow each other, because each needs the tip that the one before has left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(url: string, path: string, defaultBranch: string) {
    this.url = url;
    this.path = path;
    this.defaultBranch = defaultBranch;
  }

  /** Makes a bare repository at `path` that accepts pushes and partial clones over HTTP. */
  static async create(url: string, path: string, defaultBranch: string): Promise<GitRepo> {
    const env = gitEnvironment();
    await runCommand("git", ["init", "--bare", "--quiet", "--template=", `--initial-branch=${defaultBranch}`, path], {
      env,
    });
    const repo = new GitRepo(url, path, defaultBranch);
    for (const key of ["http.receivepack", "uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"]) {
      await repo.git("config", key, "true");
    }
    return repo;
  }

  /** Adds one commit on top of a branch and returns its id; a few milliseconds also for thousands of files. */
  async commit(files: GitChanges, message: string, options: CommitOptions = {}): Promise<string> {
    const commit = this.#last.then(() => this.#import(files, message, options));
    this.#last = commit.catch(() => {});
    return commit;
  }

  /** The commit at the tip of a branch, the default branch unless told. Throws when there is none. */
  async head(branch = this.defaultBranch): Promise<string> {
    const id = await this.#resolve(`refs/heads/${branch}`);
    if (id === undefined) throw new Error(`${this.path} has no branch ${branch}`);
    return id;
  }

  /** Makes a branch, or moves it without asking whether that loses commits, as a forced push does. */
  async setBranch(name: string, at: string): Promise<void> {
    await this.git("update-ref", `refs/heads/${name}`, at);
  }

  /** Replaces the history of a branch by one commit beside it: same parent as its tip, these changes. Returns its id. */
  async forcePush(files: GitChanges, message: string, branch = this.defaultBranch): Promise<string> {
    const parent = await this.#resolve(`refs/heads/${branch}^1`);
    return this.commit(files, message, { branch, parent: parent ?? null });
  }

  /** Removes a branch. */
  async deleteBranch(name: string): Promise<void> {
    await this.git("update-ref", "-d", `refs/heads/${name}`);
  }

  /** Makes or moves a tag; annotated when it has a message. */
  async tag(name: string, options: { readonly at?: string; readonly message?: string } = {}): Promise<void> {
    const annotated = options.message === undefined ? [] : ["-a", "-m", options.message];
    await this.git("tag", "-f", ...annotated, name, options.at ?? (await this.head()));
  }

  /** Runs any Git command on the repository and returns what it prints, without the last line break. */
  async git(...args: string[]): Promise<string> {
    return (await runCommand("git", ["--git-dir", this.path, ...args], { env: gitEnvironment() })).trimEnd();
  }

  async #import(files: GitChanges, message: string, options: CommitOptions): Promise<string> {
    const ref = `refs/heads/${options.branch ?? this.defaultBranch}`;
    const parent = options.parent === undefined ? await this.#resolve(ref) : (options.parent ?? undefined);
    const input = fastImportStream(ref, parent, files, message, options);
    const args = [
      "--git-dir",
      this.path,
      "fast-import",
      "--quiet",
      ...(options.parent === undefined ? [] : ["--force"]),
    ];
    return (await runCommand("git", args, { env: gitEnvironment(), input })).trim();
  }

  async #resolve(revision: string): Promise<string | undefined> {
    try {
      return await this.git("rev-parse", "--verify", "--quiet", `${revision}^{commit}`);
    } catch (error) {
      if (error instanceof CommandError && error.code === "COMMAND_FAILED") return undefined;
      throw error;
    }
  }
}

/** One commit in the language of `git fast-import`, which writes blobs, trees, commit and ref in one process. */
function fastImportStream(
  ref: string,
  parent: string | undefined,
  files: GitChanges,
  message: string,
  options: CommitOptions,
): Buffer {
  const when = `${options.date ?? Math.floor(Date.now() / 1000)} +0000`;
  const self = `${IDENTITY.name} <${IDENTITY.address}>`;
  const parts: Uint8Array[] = [];
  const line = (text: string) => parts.push(Buffer.from(`${text}\n`));
  const data = (content: string | Uint8Array) => {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    line(`data ${bytes.length}`);
    parts.push(bytes);
    line("");
  };
  // Without `reset`, a commit that has no parent would go on top of the branch that is there.
  if (parent === undefined) line(`reset ${ref}`);
  line(`commit ${ref}`);
  line("mark :1");
  line(`author ${options.author ?? self} ${when}`);
  line(`committer ${self} ${when}`);
  data(message);
  if (parent !== undefined) line(`from ${parent}`);
  for (const [path, file] of Object.entries(files)) {
    if (file === null) {
      line(`D ${quote(path)}`);
      continue;
    }
    const { content, mode } = typeof file === "object" && "mode" in file ? file : { content: file, mode: "100644" };
    line(`M ${mode} inline ${quote(path)}`);
    data(content);
  }
  line("get-mark :1");
  line("done");
  return Buffer.concat(parts);
}

/** A path in C style, so that blanks, quotes and line breaks in it mean nothing to fast-import. */
function quote(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
