import { expect } from "chai";
import { memoryExcess } from "../../../../../src/destinations/kubernetes/remote/memory-limits.js";

const LIMITS = { cluster: 100, namespace: 150, total: 300 };

type Connection = readonly [name: string, namespaces: string, kept: number, receiving?: number];

/** The connection to close, and the limit. */
function excess(connections: readonly Connection[], limits = LIMITS): string {
  const uses = connections.map(([name, namespaces, kept, receiving = 0]) => ({
    ...{ name, kept, total: kept + receiving },
    namespaces: new Set(namespaces.split(" ")),
  }));
  const found = memoryExcess(uses, limits);
  return found === undefined ? "none" : `${found.connection.name}: ${found.limit}`;
}

describe("memoryExcess", () => {
  const cases: readonly [what: string, connections: readonly Connection[], closed: string][] = [
    [
      "nothing within all limits",
      [
        ["a", "x", 100],
        ["b", "y", 100],
        ["c", "z", 100],
      ],
      "none",
    ],
    [
      "a connection above its limit, however small the others are",
      [
        ["a", "x", 101],
        ["b", "y", 1],
      ],
      "a: cluster",
    ],
    ["nothing for an incomplete response alone", [["a", "x", 90, 20]], "none"],
    [
      "the largest connection of a namespace",
      [
        ["a", "x", 60],
        ["b", "x", 95],
        ["c", "y", 100],
      ],
      "b: namespace",
    ],
    [
      "for incomplete responses of a namespace",
      [
        ["a", "x", 60, 40],
        ["b", "x", 60],
      ],
      "a: namespace",
    ],
    [
      "no connection that another namespace uses",
      [
        ["a", "x", 60],
        ["b", "x y", 95],
        ["c", "x", 20],
      ],
      "a: namespace",
    ],
    [
      "one that several use if there is no other",
      [
        ["a", "x y", 90],
        ["b", "x y", 95],
      ],
      "b: namespace",
    ],
    [
      "for the total, the largest of the largest namespace",
      [
        ["a", "x", 90],
        ["b", "y", 80],
        ["c", "y", 60],
        ["d", "z", 75],
      ],
      "b: total",
    ],
  ];
  for (const [what, connections, closed] of cases)
    it(`closes ${what}`, () => expect(excess(connections)).to.equal(closed));

  it("closes one connection after the other until the rest fits", () => {
    let open: Connection[] = Array.from({ length: 10 }, (_, n) => [`c${n}`, `n${n % 2}`, 30 + n]);
    const closed: string[] = [];
    for (let found = excess(open); found !== "none"; found = excess(open)) {
      closed.push(found);
      open = open.filter(([name]) => !found.startsWith(`${name}:`));
    }
    expect(closed).to.deep.equal(["c9: namespace", "c8: namespace"]);
  });
});
