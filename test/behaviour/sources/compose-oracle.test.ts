import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { isRecord } from "../../../src/manifest/shape.js";
import { ensureDockerCompose } from "../../../tools/binaries.js";
import { runCommand } from "../../../tools/run-command.js";
import { makeTemporaryFolder } from "../../../tools/temporary-folder.js";
import { renderFiles, request } from "../../unit/render/support/harness.js";

const ENV_FILES: readonly string[] = [
  "A=1\nB = 2\nexport C=3\n# comment\n\nD=a b c\nE=a #comment\nF=a#b\nG=\nH\nI: yaml\n",
  'A="x y"\nB=\'x y\'\nC="x\\ny"\nD=\'x\\ny\'\nE="a \\"b\\" c"\nF=\'it\\\'s\'\nG="multi\nline"\nH=\'multi\nline\'\nI="x" # comment\nK="a\\tb\\\\c"\n',
  'A=1\nB=${A}2\nC=$A\nD=\'${A}\'\nE="${A}"\nF=${NOPE:-d}\nG=${NOPE-}x\nH=$$A\nI="$$A"\nL=${A:+yes}\n',
  "A=1\r\nB=2\r\n",
  '  A=1\n\tB=2\nC=  x  \nD="  x  "\nE=a   # c\n',
  'A.B=1\nA-B=2\nC=a=b=c\nD==x\nF=#x\nH="#x"\n',
];

const COMMANDS: readonly string[] = [
  ...[
    'a "b c" d',
    "a 'b c' d",
    "a\\ b c",
    '"a\\"b"',
    "'a\\b'",
    '"a\\nb"',
    "a  b",
    'sh -c "echo $$HOME && ls | wc"',
    'a ""',
  ],
  ...[
    "a '' b",
    '--x="y z"',
    "a=b;c",
    "a > b",
    'echo "it\'s"',
    'a \\"b',
    "a & b",
    "a || b",
    "a `b`",
    "a $$(b) c",
    "a # b",
  ],
];

const SERVICES: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(ENV_FILES.map((_, index) => [`file${index}`, { env_file: [`${index}.env`] }])),
  ...Object.fromEntries(COMMANDS.map((command, index) => [`command${index}`, { command }])),
  raw: { env_file: [{ path: "5.env", format: "raw" }] },
  order: { env_file: ["0.env", { path: "none.env", required: false }, "2.env"], environment: ["C=own"] },
  list: { command: ["a", "b c", "$$x"], entrypoint: ["/e", "-c"] },
  both: { command: "a b", entrypoint: "/e 'c d'" },
  values: { environment: { A: true, B: 18, C: 1.5, D: 1e-7, E: 123456789012, F: "022", G: 1234567.5, H: 0.1 } },
  pairs: { environment: ["A=1", "B=", "C=a=b", "D=x y"] },
  variables: {
    environment: {
      A: "${X:-a}",
      B: "${X-a}",
      C: "${X:+a}",
      D: "${X:-${Y:-z}}",
      E: "$$${X:-q}",
      F: "${X:-a:b}",
      G: "$$$$x",
      H: "50% $",
      I: "${GIVEN?needed} ${GIVEN:+set}",
    },
  },
  ports: {
    ports: ["80", "8080:81", "127.0.0.1:8082:82", "53:53/udp", "9000-9002:9000-9002", { target: 99, protocol: "udp" }],
  },
  mounts: { volumes: ["/a", "./x:/b/", "nn:/c:ro", { type: "tmpfs", target: "/t" }, "${NOPE:-./z}:/e"] },
};

const RAW: Readonly<Record<string, unknown>> = {
  services: Object.fromEntries(
    Object.entries(SERVICES).map(([name, own]) => [name, { image: "x:1", ...(own as object) }]),
  ),
  volumes: { nn: {} },
};

/** Files in other folders, which are included or extended, and services with profiles. */
const PARTS: Readonly<Record<string, string>> = {
  "compose.yaml": `
include:
  - cache/compose.yaml
  - path: [database/compose.yaml, database/override.yaml]
  - {path: jobs/compose.yaml, project_directory: .}
services:
  web: {image: "web:1", env_file: web.env, extends: {file: common/base.yaml, service: base}, depends_on: [cache, database]}
  debug: {image: "debug:1", profiles: [debug], command: "a b"}
  other: {image: "other:1", profiles: [other]}
`,
  "web.env": "WEB=1\n",
  "common/base.yaml":
    'services: {base: {environment: {BASE: "${GIVEN}"}, env_file: base.env, volumes: ["./files:/files"]}}\n',
  "common/base.env": "BASE_FILE=1\n",
  "common/files/a.txt": "a\n",
  "cache/compose.yaml": `
include: [nested/compose.yaml]
services: {cache: {image: "cache:1", env_file: [{path: ./cache.env}], volumes: ["kept:/data"]}}
volumes: {kept: {}}
`,
  "cache/cache.env": "CACHE=1\n",
  "cache/nested/compose.yaml": 'services: {nested: {image: "nested:1", env_file: ../cache.env, command: ["x"]}}\n',
  "database/compose.yaml": 'services: {database: {image: "database:1", environment: {A: 1, B: 2}, ports: ["5432"]}}\n',
  "database/override.yaml": "services: {database: {environment: {B: 3}, env_file: own.env}}\n",
  "database/own.env": "OWN=1\n",
  "jobs/compose.yaml": 'services: {job: {image: "job:1", env_file: web.env}}\n',
};

interface Facts {
  readonly env: Readonly<Record<string, string>>;
  readonly command: unknown;
  readonly entrypoint: unknown;
  readonly mounts: readonly string[];
  readonly ports: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isRecord) : []);
/** Both write `$$` for a dollar sign: Compose in its output, and Kubernetes where it expands. */
const plain = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(plain) : typeof value === "string" ? value.replaceAll("$$", "$") : (value ?? null);

function factsOfCompose(service: Fields): Facts {
  const variables = Object.entries(isRecord(service.environment) ? service.environment : {});
  return {
    env: Object.fromEntries(
      variables.flatMap(([name, value]) => (value === null ? [] : [[name, plain(value)]])),
    ) as Facts["env"],
    command: plain(service.command),
    entrypoint: plain(service.entrypoint),
    mounts: list(service.volumes)
      .map(({ target }) => String(target))
      .sort(),
    ports: list(service.ports)
      .map(({ target, protocol }) => `${target}/${protocol}`)
      .sort(),
  };
}

function factsOfContainer(container: Fields): Facts {
  return {
    env: Object.fromEntries(list(container.env).map(({ name, value }) => [String(name), plain(value)])) as Facts["env"],
    command: plain(container.args),
    entrypoint: plain(container.command),
    mounts: list(container.volumeMounts)
      .map(({ mountPath }) => String(mountPath))
      .sort(),
    ports: list(container.ports)
      .map(({ containerPort, protocol }) => `${containerPort}/${String(protocol).toLowerCase()}`)
      .sort(),
  };
}

/** The facts of each service, as Docker Compose resolves the files, and as the containers on Kubernetes have them. */
async function bothOf(
  files: Readonly<Record<string, string>>,
  profiles: readonly string[] = [],
): Promise<{ readonly compose: Record<string, Facts>; readonly containers: Record<string, Facts> }> {
  const folder = await makeTemporaryFolder("compose-oracle-");
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true });
      await writeFile(join(folder.path, name), text);
    }
    const active = profiles.flatMap((profile) => ["--profile", profile]);
    const args = [...active, "-f", "compose.yaml", "-p", "app", "config", "--format", "json"];
    const output = await runCommand(await ensureDockerCompose(), args, { cwd: folder.path, env: { GIVEN: "g" } });
    const { services } = JSON.parse(output) as { services: Record<string, Fields> };
    const spec = JSON.stringify({ composeFiles: ["compose.yaml"], profiles });
    const app = `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: app}\nspec: ${spec}\n`;
    const { documents } = await renderFiles({ "app.yaml": app, ...files }, request("", { env: { GIVEN: "g" } }));
    const containers = documents.flatMap(({ object }) => {
      const pods = object.spec as { template?: { spec: { containers: Fields[] } } } | undefined;
      return pods?.template?.spec.containers ?? [];
    });
    return {
      compose: Object.fromEntries(Object.entries(services).map(([name, one]) => [name, factsOfCompose(one)])),
      containers: Object.fromEntries(containers.map((one) => [String(one.name), factsOfContainer(one)])),
    };
  } finally {
    await folder.remove();
  }
}

describe("A Compose app on Kubernetes, compared with Docker Compose", function () {
  this.timeout(120_000);

  it("has the same variables, commands, mounts and ports in its containers", async () => {
    const { compose, containers } = await bothOf({
      "compose.yaml": JSON.stringify(RAW),
      ...Object.fromEntries(ENV_FILES.map((text, index) => [`${index}.env`, text])),
    });
    expect(Object.keys(containers)).to.have.members(Object.keys(SERVICES));
    for (const [name, expected] of Object.entries(compose)) {
      expect(containers[name], `${name}: ${JSON.stringify(SERVICES[name])}`).to.deep.equal(expected);
    }
  });

  it("has the services of included and extended files in other folders, with their files, and of active profiles", async () => {
    const { compose, containers } = await bothOf(PARTS, ["debug"]);
    expect(Object.keys(containers).sort()).to.deep.equal(["cache", "database", "debug", "job", "nested", "web"]);
    expect(containers).to.deep.equal(compose);
  });
});
