import { expect, test } from "bun:test";
import { parseHostPort } from "../../src/config/host-port.ts";
import { LISTENERS_MAX } from "../../src/observe/cells.ts";
import { ListenerPlaces } from "../../src/runtime/listener-places.ts";

// What a reload does | the listeners before | the listeners after | the places before | and after.
const reloads = [
  ["nothing", ["127.0.0.1:1", "127.0.0.1:2"], ["127.0.0.1:1", "127.0.0.1:2"], [0, 1], [0, 1]],
  ["another order", ["127.0.0.1:1", "127.0.0.1:2"], ["127.0.0.1:2", "127.0.0.1:1"], [0, 1], [1, 0]],
  ["one moved", ["127.0.0.1:1"], ["127.0.0.1:2"], [0], [1]],
  ["one more in front", ["127.0.0.1:1"], ["[::1]:1", "127.0.0.1:1"], [0], [1, 0]],
  ["two on any free port", ["127.0.0.1:0"], ["127.0.0.1:0", "127.0.0.1:0"], [0], [0, 1]],
] as const;

test.each(reloads)("%s", (_, before, after, placesBefore, placesAfter) => {
  const places = new ListenerPlaces();

  expect(places.assign(read(before))).toEqual([...placesBefore]);
  expect(places.assign(read(after))).toEqual([...placesAfter]);
});

test("one that comes back finds its history", () => {
  const places = new ListenerPlaces();
  places.assign(read(["127.0.0.1:1", "127.0.0.1:2"]));
  places.assign(read(["127.0.0.1:3"]));

  expect(places.assign(read(["127.0.0.1:2"]))).toEqual([1]);
});

test("when all places have been used, one that nobody wants is used again", () => {
  const places = new ListenerPlaces();
  const ports = Array.from({ length: LISTENERS_MAX }, (_, index) => `127.0.0.1:${index + 1}`);
  places.assign(read(ports));

  expect(places.assign(read(["127.0.0.1:2", "127.0.0.1:60000"]))).toEqual([1, 0]);
});

function read(addresses: readonly string[]) {
  return addresses.map((text) => parseHostPort(text) ?? { host: text, port: 0 });
}
