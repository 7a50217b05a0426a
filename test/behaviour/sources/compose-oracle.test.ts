import { writeFile } from "node:fs/promises";
import { join } from "node:path";
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

describe("A Compose app on Kubernetes, compared with Docker Compose", function () {
  this.timeout(120_000);

  it("has the same variables, commands, mounts and ports in its containers", async () => {
    const files: Record<string, string> = {
      "compose.yaml": JSON.stringify(RAW),
      ...Object.fromEntries(ENV_FILES.map((text, index) => [`${index}.env`, text])),
    };
    const folder = await makeTemporaryFolder("compose-oracle-");
    after(() => folder.remove());
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
    const args = ["-f", "compose.yaml", "-p", "app", "config", "--format", "json"];
    const output = await runCommand(await ensureDockerCompose(), args, { cwd: folder.path, env: { GIVEN: "g" } });
    const expected = (JSON.parse(output) as { services: Record<string, Fields> }).services;
    const app = "apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: app}\nspec: {composeFiles: [compose.yaml]}\n";
    const { documents } = await renderFiles({ "app.yaml": app, ...files }, request("", { env: { GIVEN: "g" } }));
    const containers = documents.flatMap(({ object }) => {
      const spec = object.spec as { template?: { spec: { containers: Fields[] } } } | undefined;
      return spec?.template?.spec.containers ?? [];
    });
    expect(containers.length).to.equal(Object.keys(SERVICES).length);
    for (const [name, service] of Object.entries(expected)) {
      const container = containers.find((one) => one.name === name) ?? {};
      expect(factsOfContainer(container), `${name}: ${JSON.stringify(SERVICES[name])}`).to.deep.equal(
        factsOfCompose(service),
      );
    }
  });
});
