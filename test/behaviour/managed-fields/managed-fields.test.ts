import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { Arena } from "./arena.js";
import { CASES_A } from "./cases-a.js";
import { CASES_B } from "./cases-b.js";
import { CASES_C } from "./cases-c.js";
import { CASES_D } from "./cases-d.js";
import { CASES_STRICT } from "./cases-strict.js";
import { CASES_UNIONS } from "./cases-unions.js";
import { REFUSED_CASES } from "./refused-cases.js";
import { fileOf, ROWS, type RowId, tableOf, uncovered } from "./rows.js";

/** For trying some rows alone: their ids, with commas. */
const only = process.env.MANAGED_FIELDS_ROWS?.split(",");
const CASES = [...CASES_A, ...CASES_B, ...CASES_C, ...CASES_D, ...CASES_UNIONS, ...CASES_STRICT].filter(
  (one) => only?.includes(one.row) ?? true,
);

describe("What others write to an object is seen and judged by its metadata alone", function () {
  this.timeout(120_000);
  let arena: Arena;
  before(async () => {
    arena = await Arena.create(CASES);
  });
  after(() => arena?.remove(CASES));

  it(`table C, ${ROWS.C1.text}: a reconcile of them all writes nothing`, async () => {
    expect(await arena.writesOfIdleReconcile()).to.deep.equal([]);
  });

  for (const [index, one] of CASES.entries()) {
    it(`table ${tableOf(one.row)}, ${ROWS[one.row].text}: ${one.title}`, () => arena.run(one, index));
  }
});

describe("The table of managed fields", () => {
  it("has a case for every row, or a file that shows it", async () => {
    const covered = new Set([...CASES, ...REFUSED_CASES].map(({ row }) => row));
    if (only === undefined) expect(uncovered(covered)).to.deep.equal({ missing: [], surprising: [] });
    const silent: string[] = [];
    for (const id of Object.keys(ROWS) as RowId[]) {
      const file = fileOf(id);
      if (file === undefined) continue;
      const path = join(repositoryRoot(), `test/behaviour/managed-fields/${file}.test.ts`);
      if (!(await readFile(path, "utf8")).includes(`ROWS.${id}.text`)) silent.push(`${id} in ${path}`);
    }
    expect(silent).to.deep.equal([]);
  });
});
