import { expect } from "chai";
import { explainKustomize } from "../../../../src/render/kustomize/explain.js";
import { isRemote } from "../../../../src/render/kustomize/remote-address.js";

const CONTEXT = {
  repository: "/tmp/w/repo",
  overlay: "/tmp/w/overlay",
  file: "a/kustomization.yaml",
  makesSecrets: false,
};

describe("An error of Kustomize", () => {
  it("is told by its innermost cause, without what it quotes and without paths of the machine", () => {
    const stderr =
      "# Warning: 'commonLabels' is deprecated.\nerror: accumulating resources: accumulation err='accumulating resources from '../../base': '/tmp/w/repo/k8s/base' must resolve to a file': recursed accumulation of path '/tmp/w/repo/k8s/base': trouble configuring builtin PatchTransformer with config: `\npatch: secret\n`: unable to parse SM or JSON patch from [a: hunter2] for Deployment.[noGrp]/web.[noNs]";
    expect(explainKustomize(stderr, CONTEXT)).to.deep.equal({
      origin: { file: "k8s/base/kustomization.yaml" },
      message:
        "kustomize: trouble configuring builtin PatchTransformer with config: …: unable to parse SM or JSON patch from […] for Deployment.[noGrp]/web.[noNs]",
    });
  });

  it("is read in a time that grows with its length alone, whatever it quotes", () => {
    const begin = performance.now();
    explainKustomize("[".repeat(16_000), CONTEXT);
    explainKustomize('["'.repeat(8000), CONTEXT);
    isRemote("a@".repeat(500_000));
    expect(performance.now() - begin).to.be.lessThan(1000);
  });
});
