import { expect, test } from "bun:test";
import { clientKey, formatNetwork, networkOf, prefixKey } from "../../src/limits/client-network.ts";
import { parseAddress } from "../../src/policy/address.ts";

// Each row: an address | as what it counts | what its neighbours share.
test.each([
  ["192.0.2.77", "192.0.2.77", "192.0.2.0/24"],
  ["255.255.255.255", "255.255.255.255", "255.255.255.0/24"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"],
  ["2001:db8:ffff:ffff::1", "2001:db8:ffff:ffff::/64", "2001:db8:ffff::/48"],
  ["::1", "::/64", "::/48"],
])("%s is %s, in %s", (text, client, prefix) => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);

  expect(clientKey(text)).toBe(client);
  expect(prefixKey(text)).toBe(prefix);
  expect(formatNetwork(networkOf(address, "client"))).toBe(client);
  expect(formatNetwork(networkOf(address, "prefix"))).toBe(prefix);
});

test("an IPv4 address that is written as IPv6 is itself", () => {
  expect(clientKey("::ffff:192.0.2.1")).toBe("192.0.2.1");
});

test("what is no address counts as what it says", () => {
  expect(clientKey("")).toBe("");
  expect(prefixKey("unknown")).toBe("unknown");
});
