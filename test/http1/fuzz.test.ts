import { expect, test } from "bun:test";
import { problemOfRequest, problemOfResponse, runCampaign } from "../../scripts/fuzz/campaign.ts";
import { escaped, shrink } from "../../scripts/fuzz/shrink.ts";
import { runStories } from "../../scripts/fuzz/stories.ts";
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

test("a thousand accidents and more change nothing about that", () => {
  const { cases, failure } = runCampaign(20_260_101, (cases) => cases < 1_500);

  expect(failure).toBeUndefined();
  expect(cases).toBe(1_500);
});

test("in a few hundred stories a cache gives everybody whole answers of their own, and leaves nothing behind", async () => {
  const { stories, failure } = await runStories(20_260_101, (stories) => stories < 300);

  expect(failure).toBeUndefined();
  expect(stories).toBe(300);
});

test("a failure is told by the smallest bytes that fail, as a row can hold them", () => {
  const smallest = shrink("GET / HTTP/1.1\r\nA: \0\xff\r\n\r\n", (wire) => wire.includes("\0\xff\r\n"));

  expect(escaped(smallest)).toBe('"\\x00\\xff\\r\\n"');
});
