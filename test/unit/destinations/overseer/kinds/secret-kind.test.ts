import { expect } from "chai";
import { SECRET_KIND } from "../../../../../src/destinations/overseer/kinds/secret-kind.js";

describe("secrets of a Core", () => {
  const refusal = (name: string) =>
    SECRET_KIND.refusal(undefined, undefined, undefined as never, undefined as never, name);

  it("are not written from Git if they are for backups", () => {
    expect(refusal("backup.RESTIC_REPOSITORY")).to.match(
      /^it would be the secret backup\.RESTIC_REPOSITORY of the Core/,
    );
    expect(refusal("backup")).to.equal(undefined);
    expect(refusal("db.backup.x")).to.equal(undefined);
  });
});
