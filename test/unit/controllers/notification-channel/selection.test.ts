import { expect } from "chai";
import type { NotificationChannel } from "../../../../src/api/notification-channel.js";
import { OverseerAppSpec } from "../../../../src/api/overseer-app.js";
import { topicsFor } from "../../../../src/controllers/notification-channel/selection.js";
import { app } from "../support/resources.js";

const channel = (namespace: string): NotificationChannel =>
  ({
    metadata: { name: "team", namespace },
    spec: { topics: ["Failed", "Drifted"] },
  }) as unknown as NotificationChannel;

/** Topics of the channel team in a namespace about shop/web. */
const topics = (namespace: string, notify: object | undefined): readonly string[] => {
  const one = app("shop/web");
  return topicsFor(channel(namespace), { ...one, spec: { ...one.spec, ...(notify === undefined ? {} : { notify }) } });
};

describe("Topics of an app", () => {
  const cases: readonly (readonly [string, string, object | undefined, readonly string[]])[] = [
    ["are those of the channel by default", "shop", undefined, ["Failed", "Drifted"]],
    ["are those of the app in its namespace", "shop", { topics: ["Succeeded", "Failed"] }, ["Succeeded", "Failed"]],
    ["are none if the app lists none", "shop", { topics: [] }, []],
    ["are only some of the channel in another namespace", "platform", { topics: ["Succeeded", "Failed"] }, ["Failed"]],
    ["are none for a channel that the app does not name", "shop", { channels: ["chat"] }, []],
    ["are those of a channel that the app names", "shop", { channels: ["team"] }, ["Failed", "Drifted"]],
    ["are chosen for the named channels", "shop", { channels: ["team"], topics: ["Succeeded"] }, ["Succeeded"]],
  ];
  for (const [what, namespace, notify, expected] of cases)
    it(what, () => {
      expect(topics(namespace, notify)).to.deep.equal(expected);
    });

  it("must be known ones", () => {
    const read = (notify: object) => OverseerAppSpec.shape.notify.safeParse(notify).success;
    expect(read({ topics: ["Failed"], channels: ["team"] })).to.equal(true);
    expect(read({ topics: ["Failing"] })).to.equal(false);
    expect(read({ channels: ["Team A"] })).to.equal(false);
  });
});
