import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import { generatedProject } from "../../support/compose-generator.js";
import { composeAndContainers } from "../../support/compose-oracle.js";

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
  checks: { healthcheck: { test: "a | b $$C", retries: 7 }, working_dir: "/w/x", read_only: true },
  words: { healthcheck: { test: ["CMD", "a b", "$$(c)"], interval: "1m30s" } },
  shell: { healthcheck: { test: ["CMD-SHELL", "a && b"] } },
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

describe("A Compose app on Kubernetes, compared with Docker Compose", function () {
  this.timeout(120_000);

  it("has the same variables, commands, mounts and ports in its containers", async () => {
    const { compose, containers } = await composeAndContainers({
      "compose.yaml": JSON.stringify(RAW),
      ...Object.fromEntries(ENV_FILES.map((text, index) => [`${index}.env`, text])),
    });
    expect(Object.keys(containers)).to.have.members(Object.keys(SERVICES));
    for (const [name, expected] of Object.entries(compose)) {
      expect(containers[name], `${name}: ${JSON.stringify(SERVICES[name])}`).to.deep.equal(expected);
    }
  });

  it("has the services of included and extended files, and of active profiles", async () => {
    const { compose, containers } = await composeAndContainers(PARTS, { profiles: ["debug"] });
    expect(Object.keys(containers).sort()).to.deep.equal(["cache", "database", "debug", "job", "nested", "web"]);
    expect(containers).to.deep.equal(compose);
  });

  it("has what Compose makes of generated documents, overrides and files of variables", async () => {
    const files = generatedProject(19, 300);
    const composeFiles = ["compose.yaml", "override.yaml"];
    const { compose, containers } = await composeAndContainers(files, { composeFiles });
    expect(Object.keys(containers)).to.have.lengthOf(300);
    const differing = Object.keys(compose).filter((name) => !isDeepStrictEqual(containers[name], compose[name]));
    expect(
      differing.map((name) => ({ input: inputOf(files, name), compose: compose[name], ours: containers[name] })),
    ).to.deep.equal([]);
  });
});

/** The lines of the generated files that a service is made from. */
function inputOf(files: Readonly<Record<string, string>>, name: string): string {
  const lines = composeLines(files).filter((line) => line.trimStart().startsWith(`"${name}":`));
  return [...lines, JSON.stringify(files[`${name}.env`] ?? "")].join("\n");
}

function composeLines(files: Readonly<Record<string, string>>): string[] {
  return ["compose.yaml", "override.yaml"].flatMap((file) => (files[file] ?? "").split("\n"));
}
