import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Docker } from "./docker.js";

/** A service of a Compose document, as far as stand-ins change it. */
export interface StoodInService {
  image?: string;
  ports?: unknown[];
  expose?: unknown[];
  restart?: string;
  healthcheck?: Record<string, unknown>;
  depends_on?: readonly string[] | Record<string, { readonly condition?: string }>;
  environment?: unknown;
  [key: string]: unknown;
}

/** The services of a Compose document by name. */
export type StoodInServices = Record<string, StoodInService>;

/** An image of a program that has done its work when it starts, and of one that fails. */
const [COMPLETES, FAILS] = ["stand-in-completes:1", "stand-in-fails:1"] as const;

export { FAILS as FAILING_IMAGE };

/** Programs that health checks run, with the answer of a healthy service. */
const CLIENTS = ["pg_isready", "redis-cli", "mongosh", "opt/mssql-tools/bin/sqlcmd"];
const APPLETS = ["cat", "echo", "false", "grep", "httpd", "nc", "sleep", "test", "timeout", "true", "wget"];
/** Paths that services answer, besides `/`. */
const PATHS = ["index.html", "health", "healthcheck", "api/v1/health", "api/healthz"];
/** The first process of a container stands for the program of the image; others are those of health checks. */
const SHELL = `#!/bin/busybox sh
[ $$ = 1 ] && exec /bin/stand-in
case "$2" in "</dev/tcp/"*) IFS=/; set -- $2; exec nc "$4" "$5" </dev/null ;; esac
exec /bin/busybox sh "$@"
`;
const PROGRAM = `#!/bin/busybox sh
[ "$STAND_IN" = completes ] && exit 0
[ "$STAND_IN" = fails ] && echo "cannot read its settings" && exit 3
for port in $STAND_IN_PORTS; do httpd -p "$port" -h /www; done
trap 'exit 0' TERM INT QUIT
while :; do sleep 3600 & wait; done
`;
const CURL = `#!/bin/busybox sh
for last; do :; done
exec wget -q -O /dev/null "$last"
`;
const PASSWD = "root:x:0:0::/:/bin/sh\npostgres:x:70:70::/:/bin/sh\n";

/**
 * Creates stand-ins for the images of Compose documents, with the same names, on an engine of their own: they listen on the ports of their
 * services, and health checks succeed. Returns the documents with what one machine for all of them needs: free host ports, and
 * health checks each second.
 */
export async function standIn(docker: Docker, documents: readonly StoodInServices[]): Promise<StoodInServices[]> {
  const adapted = documents.map(adapt);
  const portsOf = new Map<string, Set<number>>();
  for (const services of adapted) {
    for (const service of Object.values(services)) {
      const ports = portsOf.get(service.image ?? "") ?? new Set();
      for (const port of tcpPorts(service)) ports.add(port);
      portsOf.set(service.image ?? "", ports);
    }
  }
  const variants = new Map<string, string[]>();
  for (const [image, ports] of portsOf) {
    if (image === COMPLETES) continue;
    const variant = [...ports].sort().join(" ");
    variants.set(variant, [...(variants.get(variant) ?? []), image]);
  }
  await build(docker, COMPLETES, "STAND_IN=completes");
  await build(docker, FAILS, "STAND_IN=fails");
  for (const [variant, [first = "", ...others]] of variants) {
    await build(docker, first, `STAND_IN_PORTS=${JSON.stringify(variant)}`);
    for (const other of others) await docker.run("tag", first, other);
  }
  return adapted;
}

/** TCP ports on which a service listens. */
function tcpPorts({ ports = [], expose = [], healthcheck }: StoodInService): number[] {
  const urls = [...JSON.stringify(healthcheck?.test ?? "").matchAll(/(?:localhost:|127\.0\.0\.1[:/])(\d+)/g)];
  const all = [...ports, ...expose, ...urls.map(([, port]) => port)].map(
    (port) => String(port).split(":").at(-1) ?? "",
  );
  return all.filter((port) => !port.endsWith("/udp")).map((port) => Number.parseInt(port, 10));
}

function adapt(services: StoodInServices): StoodInServices {
  const awaited = Object.values(services).flatMap(({ depends_on: needs = [] }) =>
    Object.entries(needs).flatMap(([name, { condition }]) =>
      condition === "service_completed_successfully" ? [name] : [],
    ),
  );
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => {
      const { image = "", ports, healthcheck, restart } = service;
      const completes = awaited.includes(name) || (restart === "no" && ports === undefined);
      const checks = { ...healthcheck, interval: "1s", start_period: "0s" };
      const adapted: StoodInService = {
        ...service,
        image: completes ? COMPLETES : image,
        ...(ports === undefined ? {} : { ports: ports.map((port) => `127.0.0.1::${String(port).split(":").at(-1)}`) }),
        ...(healthcheck === undefined ? {} : { healthcheck: checks }),
      };
      return [name, adapted];
    }),
  );
}

function build(docker: Docker, image: string, environment: string): Promise<void> {
  return docker.busybox(image, [`ENV ${environment}`, 'ENTRYPOINT ["/bin/stand-in"]'], async (root) => {
    const put = async (path: string, content: string): Promise<void> => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      // Some of them are links to busybox.
      await rm(join(root, path), { force: true });
      await writeFile(join(root, path), content);
      await chmod(join(root, path), 0o755);
    };
    for (const applet of APPLETS) await symlink("busybox", join(root, "bin", applet)).catch(() => {});
    await put("bin/stand-in", PROGRAM);
    for (const shell of ["sh", "bash"]) await put(`bin/${shell}`, SHELL);
    await put("bin/curl", CURL);
    await put("etc/passwd", PASSWD);
    for (const client of CLIENTS)
      await put(client.includes("/") ? client : `bin/${client}`, "#!/bin/busybox sh\necho PONG\n");
    await put("docker/entrypoints/rails.sh", "#!/bin/busybox sh\nexec /bin/stand-in\n");
    for (const path of PATHS) await put(`www/${path}`, "stand-in\n");
  });
}
