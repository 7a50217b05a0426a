import { expect } from "chai";
import type { GitRepo } from "../../support/git-server.js";
import { condition, World } from "../../support/world.js";
import { REFUSED_CASES } from "./refused-cases.js";
import { ROWS, tableOf } from "./rows.js";
import { WIDGETS } from "./widgets.js";

const path = (index: number): string => `case-${index}/refused.yaml`;
const named = (index: number): string => `refused-${index}`;

describe("A document that can never be applied is refused with file and line, and nothing is written", function () {
  this.timeout(120_000);
  let world: World;
  let repo: GitRepo;
  before(async () => {
    world = await World.create("refused");
    for (const definition of WIDGETS) await world.kube.apply(definition, "kubectl");
    for (const { spec } of WIDGETS) await world.kube.resource("fields.example.com/v1", spec.names.kind);
    const firsts = REFUSED_CASES.flatMap(({ first }, index) => (first ? [[path(index), first(named(index))]] : []));
    repo = await world.repository("refused", Object.fromEntries(firsts));
    for (const [index, { first }] of REFUSED_CASES.entries()) {
      if (!first) continue;
      await world.app(named(index), "refused", `case-${index}`);
      await world.untilCondition(named(index), "Synced", "True");
    }
    const all = REFUSED_CASES.map(({ documents }, index) => [path(index), documents(named(index))]);
    await repo.commit(Object.fromEntries(all), "what cannot be applied");
    await world.poll("refused");
    for (const [index, { first }] of REFUSED_CASES.entries())
      if (!first) await world.app(named(index), "refused", `case-${index}`);
  });
  after(() => world?.remove());

  for (const [index, { row, title, first, says, reason }] of REFUSED_CASES.entries()) {
    it(`table ${tableOf(row)}, ${ROWS[row].text}: ${title}`, async () => {
      const app = await world.untilCondition(named(index), "Synced", "False", reason);
      expect(condition(app, "Synced")?.message).to.match(says);
      expect(app.status?.applied === undefined, "nothing was applied").to.equal(first === undefined);
    });
  }
});
