import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { chmod, chown, copyFile, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../../tools/run-command.js";

const HOME = "/usr/lib/postgresql";
const SHARE = "/usr/share/postgresql";
const PROGRAMS = ["postgres", "initdb", "pg_dump", "pg_restore", "pg_isready", "psql"];
/** User of the server in the image: Postgres does not run as root. */
const USER = 70;

/** Newest version of Debian's PostgreSQL on this machine, such as `15`; undefined if it is not installed. */
export function postgresVersion(): string | undefined {
  if (!existsSync(HOME)) return undefined;
  const versions = readdirSync(HOME).filter((version) => existsSync(join(HOME, version, "bin/initdb")));
  return versions.sort((a, b) => Number(b) - Number(a))[0];
}

/**
 * Adds PostgreSQL to the files of an image: Debian's programs of this machine with the libraries that they need, and a user. Volumes at
 * `/data` and `/dump` belong to that user.
 */
export async function addPostgres(root: string): Promise<void> {
  const version = postgresVersion();
  if (version === undefined) throw new Error("PostgreSQL is not installed: install the package postgresql");
  const bin = join(HOME, version, "bin");
  await mkdir(join(root, bin), { recursive: true });
  const programs = PROGRAMS.map((program) => join(bin, program));
  for (const program of programs) await copyFile(program, join(root, program));
  for (const folder of [join(HOME, version, "lib"), join(SHARE, version)]) {
    cpSync(folder, join(root, folder), { recursive: true, dereference: true });
  }
  const linked = await runCommand("ldd", [...programs, join(HOME, version, "lib/plpgsql.so")]);
  const libraries = new Set([...linked.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? ""));
  for (const library of libraries) {
    await mkdir(join(root, dirname(library)), { recursive: true });
    await copyFile(await realpath(library), join(root, library));
  }
  await mkdir(join(root, "etc"), { recursive: true });
  await writeFile(join(root, "etc/passwd"), `postgres:x:${USER}:${USER}::/data:/bin/sh\n`);
  for (const folder of ["data", "dump"]) {
    await mkdir(join(root, folder), { recursive: true });
    await chown(join(root, folder), USER, USER);
    await chmod(join(root, folder), 0o700);
  }
  await chmod(join(root, "tmp"), 0o1777);
}

/** A service that runs the server of an image, with the database `app`. */
export function postgresService(image: string): Record<string, unknown> {
  const initdb = "initdb --pgdata=/data --username=app --auth=trust --locale=C --encoding=UTF8 >/dev/null";
  return {
    image,
    user: `${USER}:${USER}`,
    environment: {
      PATH: `${HOME}/${postgresVersion()}/bin:/bin`,
      PGHOST: "/tmp",
      PGUSER: "app",
      PGDATABASE: "postgres",
    },
    command: [
      "sh",
      "-c",
      `[ -s /data/PG_VERSION ] || ${initdb}; exec postgres -D /data -c listen_addresses= -c unix_socket_directories=/tmp`,
    ],
    healthcheck: { test: ["CMD", "pg_isready"], interval: "1s", retries: 60 },
    volumes: ["data:/data", "dump:/dump"],
    restart: "no",
    shm_size: "128m",
  };
}

/** Whether this machine can make the image. */
export function hasPostgres(): boolean {
  return postgresVersion() !== undefined && spawnSync("ldd", ["--version"]).status === 0;
}
