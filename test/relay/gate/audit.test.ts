import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { head, statuses, transcript } from "../../support/relay.ts";

const GET = head("GET http://a.example/ HTTP/1.1", "Host: a.example");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");

describe("an audit", () => {
  transcript("names what would have refused, and uses no limit up for it", (relay) => {
    relay.configure({
      policy: {
        mode: "audit",
        default: "deny",
        limits: [{ name: "pace", by: "client", requests: "1/m" }],
        rules: [{ name: "b", action: "allow", hosts: ["b.example"] }],
      },
    });
    const { client, upstream } = relay.exchange(GET);
    upstream.says(OK);
    for (const _ of [1, 2]) {
      client.says(GET);
      upstream.says(OK);
    }

    expect(statuses(client)).toEqual([200, 200, 200]);
    expect(relay.records.map(({ reason, wouldDeny }) => [reason, wouldDeny])).toEqual(
      Array(3).fill(["default", true]),
    );
    expect(relay.read(cells.decisions.limited)).toBe(0);
    expect(relay.context.refusedHosts.top(1)).toEqual([{ name: "a.example", count: 3, error: 0 }]);
  });

  transcript("counts bytes, and tells of a budget that would have been used up", (relay) => {
    relay.configure({
      policy: { mode: "audit", limits: [{ name: "daily", by: "client", budget: "1KiB/24h" }] },
    });
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", "Content-Length: 3000")}${"x".repeat(3_000)}`);

    expect(statuses(client)).toEqual([200]);
    expect(relay.records).toMatchObject([{ status: 200, rule: "daily", reason: "limit", wouldDeny: true }]);
  });

  transcript("is not said to have let pass what went nowhere", (relay) => {
    relay.configure({ policy: { mode: "audit", default: "deny" } });
    const client = relay.client();
    client.says(head("GET http://169.254.169.254/ HTTP/1.1", "Host: 169.254.169.254"));

    expect(statuses(client)).toEqual([403]);
    expect(relay.records).toMatchObject([{ status: 403, reason: "address", wouldDeny: false }]);
  });
});

transcript("a loop is on record as what no address may be", (relay) => {
  const client = relay.client();
  client.says(head("GET http://127.0.0.1:8888/ HTTP/1.1", "Host: 127.0.0.1:8888"));

  expect(statuses(client)).toEqual([508]);
  expect(relay.records).toMatchObject([{ rule: "addresses", reason: "address" }]);
});
