import { expect, test } from "bun:test";
import { problemOfRequest, problemOfResponse, runCampaign } from "../../scripts/fuzz/campaign.ts";
import { escaped, shrink } from "../../scripts/fuzz/shrink.ts";
import { requestWires, responseWires } from "./wires.ts";

test.each(requestWires.map((wire) => [escaped(wire).slice(0, 120), wire] as const))(
  "upstreams hear the requests of a client as they came, or nothing: %s",
  (_, wire) => {
    expect(problemOfRequest(wire)).toBeUndefined();
  },
);

test.each(responseWires.map((wire) => [escaped(wire).slice(0, 120), wire] as const))(
  "a client hears the answer of an upstream as it came, or that it is none: %s",
  (_, wire) => {
    expect(problemOfResponse(wire)).toBeUndefined();
  },
);

test("a few thousand accidents change nothing about that", () => {
  const { cases, failure } = runCampaign(20_260_101, (cases) => cases < 3_000);

  expect(failure).toBeUndefined();
  expect(cases).toBe(3_000);
});

test("a failure is told by the smallest bytes that fail, as a row can hold them", () => {
  const smallest = shrink("GET / HTTP/1.1\r\nA: \0\xff\r\n\r\n", (wire) => wire.includes("\0\xff\r\n"));

  expect(escaped(smallest)).toBe('"\\x00\\xff\\r\\n"');
});
