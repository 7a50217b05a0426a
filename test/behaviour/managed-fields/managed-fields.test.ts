import { expect } from "chai";
import { Arena } from "./arena.js";
import { CASES_A } from "./cases-a.js";
import { CASES_B } from "./cases-b.js";
import { CASES_C } from "./cases-c.js";
import { CASES_D } from "./cases-d.js";
import { REFUSED_CASES } from "./refused-cases.js";
import { ROWS, tableOf, uncovered } from "./rows.js";

/** For trying some rows alone: their ids, with commas. */
const only = process.env.MANAGED_FIELDS_ROWS?.split(",");
const CASES = [...CASES_A, ...CASES_B, ...CASES_C, ...CASES_D].filter((one) => only?.includes(one.row) ?? true);

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
  it("has a case for every row that is not marked as later", () => {
    const covered = new Set([...CASES, ...REFUSED_CASES].map(({ row }) => row));
    const { missing, surprising } = uncovered(covered);
    if (only === undefined) expect({ missing, surprising }).to.deep.equal({ missing: [], surprising: [] });
  });
});
