import { expect } from "chai";
import { Heart } from "../../support/heart.js";

const map = (index: number): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: m${index} }\n`;
const files = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}.yaml`, map(index)]));

describe("The status of a new app", () => {
  /** Returns what the status said while the first document was checked. */
  const shownWhileChecking = async (count: number): Promise<string | undefined> => {
    const heart = new Heart();
    heart.start();
    heart.commit(files(count));
    heart.apply("web");
    let shown: string | undefined;
    heart.destination.faults.preview = () => {
      shown ??= heart.app("web")?.status?.conditions?.find(({ type }) => type === "Ready")?.message ?? "";
      return undefined;
    };
    await heart.settle(["web"]);
    expect(heart.conditions("web")).to.include("Ready=True/Synced");
    return shown;
  };

  it("says that many documents are being checked", async () => {
    expect(await shownWhileChecking(500)).to.match(/^checking 500 documents of main@sha1:[0-9a-f]+ by dry runs$/);
  });

  it("is written once less if there are few", async () => {
    expect(await shownWhileChecking(20)).to.equal("");
  });
});
