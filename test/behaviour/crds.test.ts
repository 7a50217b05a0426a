import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { API_VERSION, GROUP } from "../../src/api/group.js";
import { RESOURCES, type ResourceDefinition } from "../../src/api/resources.js";
import { apiRequest } from "../../tools/api-client.js";
import type { ControlPlane } from "../../tools/control-plane.js";
import { buildCrd, buildSchema } from "../../tools/generate/crd.js";
import { EXAMPLES } from "../../tools/generate/examples.js";
import { walk } from "../../tools/generate/schema.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { CommandError, runCommand } from "../../tools/run-command.js";
import { waitUntil } from "../../tools/wait-until.js";
import { sharedControlPlane } from "../support/control-plane.js";
import { type BadSpec, badSpecs, goodSpecs, withChanges } from "./crd-cases.js";
import { validSpecs } from "./crd-valid-specs.js";
import { ignoreCases } from "./drift/ignore-cases.js";
import { gateCases } from "./gate-cases.js";
import { environmentCases } from "./gates/environment-cases.js";
import { rendererCases } from "./renderer-cases.js";

const NAMESPACE = "crds-test";

interface Served {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly spec: unknown;
  readonly status?: { readonly observedGeneration?: number };
}

interface Status {
  readonly message: string;
}

function pluralOf(kind: string): string {
  return RESOURCES.find((resource) => resource.kind === kind)?.plural ?? "";
}

function isNamespaced(kind: string): boolean {
  return RESOURCES.find((resource) => resource.kind === kind)?.scope === "Namespaced";
}

const allBadSpecs = [
  ...badSpecs,
  ...gateCases,
  ...environmentCases,
  ...rendererCases("OverseerApp"),
  ...rendererCases("Change"),
  ...ignoreCases("OverseerApp"),
  ...ignoreCases("Change"),
];

describe("CustomResourceDefinitions on a real API server", function () {
  this.timeout(120_000);
  let cluster: ControlPlane;

  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    runCommand(
      cluster.kubectlPath,
      ["--kubeconfig", cluster.kubeconfigPath, ...args],
      input === undefined ? {} : { input },
    );

  const api = (method: "GET" | "POST", path: string, body?: unknown) =>
    apiRequest({ url: cluster.url, caPem: cluster.caPem, token: cluster.adminToken }, method, path, body);

  const collection = (kind: string): string =>
    `/apis/${API_VERSION}${isNamespaced(kind) ? `/namespaces/${NAMESPACE}` : ""}/${pluralOf(kind)}`;

  const create = async (kind: string, name: string, spec: unknown, query = "") => {
    const body = { apiVersion: API_VERSION, kind, metadata: { name }, spec };
    const answer = await api("POST", `${collection(kind)}?fieldValidation=Strict${query}`, body);
    return { status: answer.status, body: JSON.parse(answer.text) as Served & Status };
  };

  const refusalOf = async (bad: BadSpec): Promise<string> => {
    const spec = withChanges(validSpecs[bad.kind], bad.set);
    if (bad.update === undefined) return (await create(bad.kind, bad.name ?? "bad", spec, "&dryRun=All")).body.message;
    const patch = JSON.stringify({ spec });
    const args = [
      "patch",
      pluralOf(bad.kind),
      "minimal",
      "-n",
      NAMESPACE,
      "--type=merge",
      "--dry-run=server",
      "-p",
      patch,
    ];
    return kubectl(args).catch((error: unknown) => (error instanceof CommandError ? error.output : String(error)));
  };

  before(async () => {
    cluster = await sharedControlPlane();
    await kubectl(["apply", "--server-side", "--force-conflicts", "-f", `${repositoryRoot()}/crds`]);
    // kubectl does not wait for a definition that has no conditions yet, but fails.
    const definitions = RESOURCES.map(({ plural }) => `crd/${plural}.${GROUP}`);
    await waitUntil({ what: "the definitions are established", timeoutMs: 60_000 }, () =>
      kubectl(["wait", "--for=condition=Established", "--timeout=60s", ...definitions]).then(
        () => true,
        () => false,
      ),
    );
    await kubectl(["create", "namespace", NAMESPACE]);
    for (const { kind } of RESOURCES) {
      const { status, body } = await create(kind, "minimal", validSpecs[kind as BadSpec["kind"]]);
      expect(status, body.message).to.equal(201);
    }
  });

  after(async () => {
    // An operator of another test may have met the apps: their finalizers would keep the namespace, and them, for ever.
    for (const name of (await kubectl(["get", "overseerapps", "-n", NAMESPACE, "-o", "name"]))
      .split("\n")
      .filter(Boolean))
      await kubectl(["patch", name, "-n", NAMESPACE, "--type=merge", "-p", '{"metadata":{"finalizers":null}}']);
    for (const { plural, scope } of RESOURCES)
      if (scope === "Namespaced") await kubectl(["delete", plural, "-n", NAMESPACE, "--all", "--wait=true"]);
      else await kubectl(["delete", plural, "minimal", "prod", "--ignore-not-found", "--wait=true"]);
    await kubectl(["delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found"]);
  });

  it("takes every definition as structural and as it was sent", async () => {
    for (const resource of RESOURCES) {
      const crd = JSON.parse(await kubectl(["get", "crd", `${resource.plural}.${GROUP}`, "-o", "json"])) as {
        readonly spec: { readonly versions: readonly unknown[] };
        readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
      };
      const conditions = new Map(crd.status.conditions.map(({ type, status }) => [type, status]));
      expect(conditions.get("Established"), resource.kind).to.equal("True");
      expect(conditions.get("NamesAccepted"), resource.kind).to.equal("True");
      expect(conditions.get("NonStructuralSchema") ?? "False", resource.kind).to.equal("False");
      expect(crd.spec.versions[0], resource.kind).to.deep.equal(buildCrd(resource).spec.versions[0]);
    }
  });

  it("shows a fresh object as one that nobody has looked at", async () => {
    for (const { kind } of RESOURCES) {
      const object = JSON.parse((await api("GET", `${collection(kind)}/minimal`)).text) as Served;
      expect(object.status, kind).to.deep.equal({ observedGeneration: -1 });
    }
  });

  it("fills in the same defaults as our schemas do", async () => {
    for (const { kind, spec } of RESOURCES) {
      const object = JSON.parse((await api("GET", `${collection(kind)}/minimal`)).text) as Served;
      expect(object.spec, kind).to.deep.equal(spec.parse(validSpecs[kind as BadSpec["kind"]]));
    }
  });

  for (const good of goodSpecs) {
    it(`takes ${good.kind} with ${describeChanges(good.set)}`, async () => {
      const { status, body } = await create(
        good.kind,
        "good",
        withChanges(validSpecs[good.kind], good.set),
        "&dryRun=All",
      );
      expect(status, body.message).to.equal(201);
    });
  }

  for (const bad of allBadSpecs) {
    it(`refuses ${bad.kind} with ${bad.name === undefined ? describeChanges(bad.set) : "a long name"}: ${bad.message}`, async () => {
      const refusal = await refusalOf(bad);
      expect(refusal).to.include(bad.message);
      expect(refusal).to.include(bad.field);
    });
  }

  it("has a bad object for each CEL rule", () => {
    const missing = RESOURCES.flatMap((resource) =>
      rulesOf(resource).filter(
        ({ path, message }) =>
          !allBadSpecs.some((bad) => bad.kind === resource.kind && bad.message === message && matches(bad.field, path)),
      ),
    );
    expect(missing).to.deep.equal([]);
  });

  it("takes the examples of the documentation, strictly", async () => {
    for (const [kind, text] of EXAMPLES) {
      const manifest = text.replaceAll("namespace: shop", `namespace: ${NAMESPACE}`);
      const said = await kubectl(["apply", "--validate=strict", "--server-side", "-f", "-"], manifest);
      expect(said, kind).to.match(/serverside-applied/);
    }
  });

  it("takes the files in examples/resources, and what docs/overseer.md shows, strictly", async () => {
    const folder = join(repositoryRoot(), "examples/resources");
    const names = (await readdir(folder)).sort();
    expect(names).to.include("overseerapp-core.yaml");
    const files = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
    const page = await readFile(join(repositoryRoot(), "docs/overseer.md"), "utf8");
    const shown = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = ""]) => text);
    expect(shown, "the Secret and the app").to.have.length(2);
    const example = files[names.indexOf("overseerapp-core.yaml")] ?? "";
    expect(example.replace(/^#.*\n/, ""), "the page shows the file").to.equal(shown[1]);
    for (const text of [...files, ...shown]) {
      const manifest = text.replaceAll("namespace: overseer-demo", `namespace: ${NAMESPACE}`);
      const said = await kubectl(["apply", "--validate=strict", "--server-side", "-f", "-"], manifest);
      expect(said).to.match(/serverside-applied/);
    }
  });

  it("shows the columns, by short name and by category", async () => {
    for (const { kind, shortNames, columns } of RESOURCES) {
      const [head = ""] = (await kubectl(["get", shortNames[0] ?? "", "-n", NAMESPACE, "-o", "wide"])).split("\n");
      const wanted = ["NAME", ...columns.map(({ name }) => name.toUpperCase())];
      expect(
        head
          .split(/\s{2,}/)
          .map((column) => column.trim())
          .filter((column) => column !== ""),
        kind,
      ).to.have.members(wanted);
    }
    const all = await kubectl(["get", "overseer", "-n", NAMESPACE, "-o", "name"]);
    for (const { singular } of RESOURCES) expect(all).to.include(`${singular}.${GROUP}/minimal`);
  });

  it("explains each field of spec and status with the text of the documentation", async () => {
    for (const resource of RESOURCES) {
      for (const part of ["spec", "status"] as const) {
        const fields = Object.entries(buildSchema(resource).properties?.[part]?.properties ?? {});
        if (fields.length === 0) continue;
        const path = `${resource.plural}.${part}`;
        const explained = (await kubectl(["explain", path, `--api-version=${API_VERSION}`])).replace(/\s+/g, " ");
        for (const [name, { description = "" }] of fields)
          expect(explained, `${path}.${name}`).to.include(description.trim().replace(/\s+/g, " "));
      }
    }
  });

  it("selects by the fields that it promises", async () => {
    const apps = await kubectl([
      "get",
      "oapp",
      "-n",
      NAMESPACE,
      "--field-selector",
      "spec.source.repositoryRef.name=shop",
      "-o",
      "name",
    ]);
    expect(apps.trim().split("\n")).to.include(`overseerapp.${GROUP}/minimal`);
    const changes = await kubectl([
      "get",
      "ochange",
      "-n",
      NAMESPACE,
      "--field-selector",
      "spec.app.name=none",
      "-o",
      "name",
    ]);
    expect(changes).to.equal("");
  });
});

function describeChanges(set: BadSpec["set"]): string {
  return JSON.stringify(set, (_, value) => (value === undefined ? "<nothing>" : value));
}

/** Every CEL rule of a kind, with the field that its refusal names. */
function rulesOf(resource: ResourceDefinition): { path: string; message: string }[] {
  const found: { path: string; message: string }[] = [];
  walk(buildSchema(resource), "", (schema, path) => {
    // What stands in a status went through the same rules in a spec.
    if (path.startsWith(".status")) return;
    for (const { message, fieldPath = "" } of schema["x-kubernetes-validations"] ?? []) {
      found.push({ path: `${path}${fieldPath}`.replace(/^\./, ""), message });
    }
  });
  return found;
}

/** A rule on the whole object is named by its kind. */
function matches(field: string, path: string): boolean {
  return path === "" ? !field.startsWith("spec") : field.replace(/\[\d+\]/g, "[]") === path;
}
