import { expect } from "chai";
import { networkOf } from "../../../src/base/address-network.js";

describe("The network of an address", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::6", "2001:db8:1:2::/64"],
    ["2001:db8::6", "2001:db8:0:0::/64"],
    ["2001:db8:1:2::192.0.2.1", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["unknown", "unknown"],
  ];
  for (const [address, network] of cases)
    it(`of ${address} is ${network}`, () => {
      expect(networkOf(address)).to.equal(network);
    });
});
