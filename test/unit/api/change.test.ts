import { expect } from "chai";
import { CHANGE_PHASES, ChangeSpec, isFinal } from "../../../src/api/change.js";
import { GitRepositorySpec } from "../../../src/api/git-repository.js";
import { OverseerAppSpec } from "../../../src/api/overseer-app.js";

describe("isFinal", () => {
  it("is true of the last five phases, and of nothing else", () => {
    expect(CHANGE_PHASES.filter(isFinal)).to.deep.equal(CHANGE_PHASES.slice(-5));
    expect(isFinal(undefined)).to.equal(false);
  });
});

describe("the schemas of specs", () => {
  it("fill in every default of an app", () => {
    const spec = OverseerAppSpec.parse({
      source: { repositoryRef: { name: "shop" } },
      destination: { kubernetes: {} },
    });
    expect(spec).to.deep.equal({
      source: { repositoryRef: { name: "shop" }, path: "." },
      destination: { kubernetes: {} },
      sync: {
        mode: "Automatic",
        selfHeal: true,
        additions: "Revert",
        prune: true,
        allowEmpty: false,
        adopt: "Unowned",
        recreate: false,
        deletePropagation: "Background",
        retry: { base: "5s", max: "5m" },
      },
      health: { timeout: "5m", rollbackOnFailure: false },
      deletionPolicy: "Delete",
      deletionHooks: "Run",
      historyLimit: 10,
      suspend: false,
    });
  });

  it("fill in the rest of a policy that is given in part", () => {
    const sync = OverseerAppSpec.shape.sync.parse({ retry: { max: "1m" }, prune: false });
    expect(sync).to.deep.include({ prune: false, selfHeal: true, retry: { base: "5s", max: "1m" } });
  });

  it("fill in every default of a repository", () => {
    expect(GitRepositorySpec.parse({ url: "https://git.example.com/x.git" })).to.deep.equal({
      url: "https://git.example.com/x.git",
      interval: "3m",
      timeout: "60s",
      suspend: false,
    });
  });

  it("refuse a cause that is not known", () => {
    expect(ChangeSpec.shape.cause.safeParse("Because").success).to.equal(false);
  });
});
