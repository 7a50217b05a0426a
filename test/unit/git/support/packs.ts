import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { GitRepo } from "../../../support/git-server.js";

/** All objects of a repository in one pack, as Git packs them. */
export function packAll(repo: GitRepo, ...options: string[]): Buffer {
  const ids = git(repo, "rev-list", "--objects", "--all").toString().replace(/ .*$/gm, "");
  return git(repo, { input: ids }, "pack-objects", "--stdout", "--quiet", ...options);
}

/** Ids of all objects of a repository. */
export function allIds(repo: GitRepo): string[] {
  return git(repo, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").toString().trim().split("\n");
}

/** An object as Git reads it. */
export function catFile(repo: GitRepo, type: string, id: string): Buffer {
  return git(repo, "cat-file", type, id);
}

/** The index that Git itself makes for a pack. */
export function gitIndex(directory: string, pack: Buffer): Buffer {
  const path = join(directory, "x.pack");
  writeFileSync(path, pack);
  execFileSync("git", ["index-pack", path], { stdio: "ignore" });
  return readFileSync(join(directory, "x.idx"));
}

/** A pack made by hand of `[type number, announced size, extra head bytes, content]`, with a checksum that fits. */
export function handMadePack(
  entries: readonly { type: number; size?: number; base?: Buffer; content: Buffer }[],
  count = entries.length,
): Buffer {
  const header = Buffer.from("PACK\0\0\0\u0002\0\0\0\0", "latin1");
  header.writeUInt32BE(count, 8);
  const parts = entries.flatMap(({ type, size, base, content }) => [
    entryHead(type, size ?? content.length),
    base ?? Buffer.alloc(0),
    deflateSync(content),
  ]);
  return sealed(Buffer.concat([header, ...parts]));
}

/** `body` with the checksum that fits it. */
export function sealed(body: Buffer): Buffer {
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function entryHead(type: number, size: number): Buffer {
  const head = [(type << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    head[head.length - 1] = (head.at(-1) ?? 0) | 0x80;
    head.push(rest % 128);
  }
  return Buffer.from(head);
}

function git(repo: GitRepo, ...args: (string | { input: string })[]): Buffer {
  const input = args.find((arg) => typeof arg === "object");
  const words = args.filter((arg) => typeof arg === "string");
  return execFileSync("git", ["--git-dir", repo.path, ...words], { maxBuffer: 1 << 28, ...input });
}
