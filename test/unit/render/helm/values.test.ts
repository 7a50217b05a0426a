import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { valuesAt } from "../../../../src/render/helm/values.js";
import { ensureCommandLineBinaries } from "../../../../tools/binaries.js";

/** What can stand in a value. */
const VALUES = [
  "",
  "0",
  "1",
  "-1",
  "-0",
  "+1",
  "007",
  "1.5",
  "1e3",
  "true",
  "false",
  "True",
  "null",
  "nil",
  "~",
  "yes",
  " 1",
  "1 ",
  "a b",
  "a: b",
  "- a",
  "'x'",
  '"y"',
  "99999999999999999999",
];
const name = fc.stringMatching(/^[a-z][a-z0-9_/-]{0,5}$/);

describe("Values at a path", function () {
  this.timeout(120_000);
  let folder: string;
  let helm: string;
  before(async () => {
    ({ helm } = await ensureCommandLineBinaries());
    folder = mkdtempSync(join(tmpdir(), "values-"));
    mkdirSync(join(folder, "chart/templates"), { recursive: true });
    writeFileSync(join(folder, "chart/Chart.yaml"), "apiVersion: v2\nname: c\nversion: 1.0.0\n");
    writeFileSync(join(folder, "chart/templates/x.yaml"), "values: {{ .Values | toJson | quote }}\n");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The values that a chart gets with these flags. */
  const valuesOf = (flags: readonly string[]): unknown => {
    const { stdout, stderr, status } = spawnSync(helm, ["template", ...flags, "x", join(folder, "chart")], {
      encoding: "utf8",
      env: { HOME: folder, PATH: "/nonexistent" },
    });
    expect(status, stderr).to.equal(0);
    return JSON.parse(JSON.parse(/^values: (.*)$/m.exec(stdout)?.[1] ?? ""));
  };
  const viaFile = (texts: readonly string[]): unknown =>
    valuesOf(
      texts.map((text, index) => {
        const path = join(folder, `${index}.yaml`);
        writeFileSync(path, text);
        return `--values=${path}`;
      }),
    );

  it("are what helm --set makes of them", () => {
    const cases = VALUES.map((value, index) => ({ path: `k${index}.v`, value }));
    const set = cases.map(({ path, value }) => `--set=${path}=${value.replaceAll(/^(['"])(.*)\1$/g, "$2")}`);
    expect(viaFile(cases.map(({ path, value }) => valuesAt(path, value)))).to.deep.equal(valuesOf(set));
  });

  it("are put where helm --set puts them, and merge as Helm merges", () => {
    const path = fc.array(fc.oneof(name, fc.constant("a"), fc.constant("a\\.b")), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 6, selector: (steps) => steps[0] }), (paths) => {
        const joined = paths.map((steps) => steps.join("."));
        const set = joined.map((one, index) => `--set=${one}=v${index}`);
        expect(viaFile(joined.map((one, index) => valuesAt(one, `v${index}`)))).to.deep.equal(valuesOf(set));
      }),
      { numRuns: 15 },
    );
  });

  it("are data, whatever they hold", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 20 }), (value) => {
        const text = `x${value}`;
        expect(JSON.parse(valuesAt("a.b", text))).to.deep.equal({ a: { b: text } });
      }),
    );
    expect(JSON.parse(valuesAt("a", "b,c=d,{e}"))).to.deep.equal({ a: "b,c=d,{e}" });
    expect(JSON.parse(valuesAt("a", '"5432"'))).to.deep.equal({ a: "5432" });
  });
});
