import { PlainRenderer } from "../../src/render/plain.js";
import { SourceRenderer } from "../../src/render/render.js";
import { inlineCache, request } from "../../test/unit/render/support/harness.js";
import { MemorySnapshot } from "../../test/unit/render/support/memory-snapshot.js";
import { CpuMeter } from "../cpu-meter.js";
import { significant } from "../statistics.js";
import { formatTable } from "../table.js";

/** Apps of the source, each with two services. */
const APPS = Number(process.argv[2] ?? 1000);
const ROUNDS = Number(process.argv[3] ?? 5);
/** Rounds before the first that is measured. */
const WARM_UP = 2;

/**
 * `node build/bench/compose/run.js [APPS] [ROUNDS]`: compiles apps for Kubernetes in memory. `first` parses and compiles all files,
 * `parsed` compiles them again with another variable, and `unchanged` is the next render without a change. The table goes to stdout.
 */
async function main(): Promise<void> {
  const meters = { first: new CpuMeter(), parsed: new CpuMeter(), unchanged: new CpuMeter() };
  const ignored = { first: new CpuMeter(), parsed: new CpuMeter(), unchanged: new CpuMeter() };
  let objects = 0;
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const { first, parsed, unchanged } = round < 0 ? ignored : meters;
    const renderer = new SourceRenderer([new PlainRenderer(inlineCache(512 * 1024 * 1024).cache)]);
    const snapshot = new MemorySnapshot(files(round));
    const render = async (tag: string): Promise<void> => {
      const { documents } = await renderer.render(request("apps", { env: { TAG: tag } }), snapshot);
      objects = documents.length;
    };
    await first.of(() => render("1"));
    await parsed.of(() => render("2"));
    await unchanged.of(() => render("2"));
  }
  const rows = Object.entries(meters).map(([name, { meanMs }]) =>
    [name, meanMs, meanMs / APPS, (APPS / meanMs) * 1000].map((value) =>
      typeof value === "number" ? String(significant(value)) : value,
    ),
  );
  const title = `${APPS} apps, ${objects} objects`;
  process.stdout.write(`${formatTable([title, "CPU ms", "CPU ms per app", "apps per second and core"], rows)}\n`);
}

/** Apps with a web server and a database; all texts differ between rounds, so that nothing is known. */
function files(round: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: APPS }, (_, index) => {
      const name = `app-${index}`;
      return [`apps/${name}.yaml`, appText(name, round)];
    }),
  );
}

function appText(name: string, round: number): string {
  return `apiVersion: overseer.io/v1
kind: App
metadata: { name: ${name}, namespace: ${name} }
spec:
  routes: [{ host: ${name}.example.com, service: web }]
  compose:
    services:
      web:
        image: ghcr.io/example/web:\${TAG}
        restart: unless-stopped
        environment:
          ROUND: "${round}"
          DB_HOST: db
          DB_PASSWORD: \${SECRET:db-password}
        expose: ["8080"]
        depends_on: [db]
        volumes: ["uploads:/srv/uploads"]
      db:
        image: postgres:16
        user: "70:70"
        environment: { POSTGRES_PASSWORD: "\${SECRET:db-password}" }
        volumes: ["data:/var/lib/postgresql/data"]
        healthcheck: { test: [CMD, pg_isready], interval: 10s, retries: 5 }
    volumes: { uploads: {}, data: {} }
`;
}

await main();
