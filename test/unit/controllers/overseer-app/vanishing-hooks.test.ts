import { expect } from "chai";
import { objectKey } from "../../../../src/manifest/object-id.js";
import { Heart, KilledError } from "../support/heart.js";

const JOB = `apiVersion: batch/v1
kind: Job
metadata: { name: migrate, annotations: { gitops.overseer.io/hook: PreSync } }
spec: { ttlSecondsAfterFinished: 0 }
`;
const KEY = objectKey({ group: "batch", kind: "Job", namespace: "shop", name: "migrate" });

describe("A hook that is deleted when it has ended", () => {
  const start = async (prepare: (heart: Heart) => void): Promise<Heart> => {
    const heart = new Heart();
    heart.start();
    heart.commit({ "job.yaml": JOB, "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n" });
    heart.apply("web");
    heart.destination.faults.born = { status: "Healthy", ended: "Succeeded" };
    prepare(heart);
    await heart.settle(["web"], 60_000).catch((error: unknown) => {
      if (!(error instanceof KilledError)) throw error;
    });
    return heart;
  };
  const created = ({ destination }: Heart): number =>
    destination.log.filter((line) => line === "Create Job shop/migrate").length;

  it("is not run twice when the process ends right after it was created", async () => {
    const heart = await start((one) =>
      one.start((point) => {
        if (point === "app:after-hook-created") throw new KilledError("killed");
      }),
    );
    expect(created(heart)).to.equal(1);
    heart.destination.objects.delete(KEY);
    heart.start();
    await heart.settle(["web"], 60_000);
    expect(created(heart)).to.equal(1);
    expect(heart.changes("web")).to.deep.equal(["web-1 Failed"]);
    expect(heart.message("web-1")).to.contain("was deleted before its end was observed: request a reconcile");
  });

  it("is tried again when it could not be created", async () => {
    let failures = 2;
    const heart = await start((one) => {
      one.destination.faults.write = ({ id }) =>
        id.kind === "Job" && failures-- > 0 ? { message: "the server does not respond", retryable: true } : undefined;
    });
    expect(created(heart)).to.equal(1);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded"]);
  });
});
