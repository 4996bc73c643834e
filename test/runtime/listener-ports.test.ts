import { describe, expect, test } from "bun:test";
import { parseHostPort } from "../../src/config/host-port.ts";
import { findUnavailable, portsAfter } from "../../src/runtime/listener-ports.ts";

describe("the ports of a new config", () => {
  // What it shows | the listeners before | their ports | the listeners after | their ports.
  const rows = [
    ["a fixed port is itself", ["127.0.0.1:80"], [80], ["127.0.0.1:81"], [81]],
    ["any free port stays what it became", ["127.0.0.1:0"], [4001], ["127.0.0.1:0"], [4001]],
    ["wherever it stands now", ["127.0.0.1:0"], [4001], ["127.0.0.1:80", "127.0.0.1:0"], [80, 4001]],
    ["a second one is another", ["127.0.0.1:0"], [4001], ["127.0.0.1:0", "127.0.0.1:0"], [4001, 0]],
    [
      "two stay two",
      ["127.0.0.1:0", "127.0.0.1:0"],
      [4001, 4002],
      ["127.0.0.1:0", "127.0.0.1:0"],
      [4001, 4002],
    ],
    ["another address is another listener", ["127.0.0.1:0"], [4001], ["127.0.0.2:0"], [0]],
  ] as const;

  test.each(rows)("%s", (_, before, portsBefore, after, ports) => {
    expect(portsAfter(before.map(hostPort), portsBefore, after.map(hostPort))).toEqual([...ports]);
  });
});

describe("an address that can't be had", () => {
  test("is one whose port is somebody else's, also where they would share it", () => {
    const options = { hostname: "127.0.0.1", port: 0, reusePort: true, socket: { data() {} } };
    using other = Bun.listen(options);

    expect(findUnavailable([hostPort(`127.0.0.1:${other.port}`)])).toEndWith("the port is in use");
  });

  test("is no free port", () => {
    expect(findUnavailable([hostPort("127.0.0.1:0")])).toBeUndefined();
  });
});

function hostPort(text: string) {
  const parsed = parseHostPort(text);
  if (parsed === undefined) throw new Error(`Cannot read ${text}`);
  return parsed;
}
