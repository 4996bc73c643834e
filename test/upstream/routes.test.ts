import { describe, expect, test } from "bun:test";
import { compileGlob } from "../../src/policy/rules/glob.ts";
import { type RouteSpec, Routes } from "../../src/upstream/routes.ts";

function route(upstream: string, hosts: readonly string[] = [], paths: readonly string[] = []): RouteSpec {
  return { upstream, hosts, paths };
}

// What it shows | the routes | host and path | where it goes.
const rows: readonly (readonly [string, readonly RouteSpec[], string, string | undefined])[] = [
  ["no routes", [], "a.example /", undefined],
  ["any host and path", [route("all")], "a.example /x/y", "all"],
  ["a request without a host", [route("a", ["a.example"]), route("all")], " /", "all"],

  ["a host by its name", [route("a", ["a.example"])], "a.example /", "a"],
  ["another host", [route("a", ["a.example"])], "b.example /", undefined],
  ["a host below it", [route("a", ["a.example"])], "b.a.example /", undefined],
  ["what is below a host", [route("a", ["*.a.example"])], "c.b.a.example /", "a"],
  ["but not itself", [route("a", ["*.a.example"])], "a.example /", undefined],
  ["nor what ends alike", [route("a", ["*.a.example"])], "ba.example /", undefined],
  ["a host and what is below it: itself", [route("a", [".a.example"])], "a.example /", "a"],
  ["a host and what is below it: below", [route("a", [".a.example"])], "b.a.example /", "a"],
  ["an address", [route("a", ["192.0.2.1"])], "192.0.2.1 /", "a"],
  ["an address of IPv6", [route("a", ["2001:db8::1"])], "2001:db8::1 /", "a"],
  ["one of several hosts", [route("a", ["a.example", "*.b.example"])], "x.b.example /", "a"],

  [
    "rule 1: a name before a wildcard, whatever the order",
    [route("wild", ["*.example"]), route("named", ["a.example"])],
    "a.example /",
    "named",
  ],
  ["rule 1: a wildcard before any", [route("all"), route("wild", ["*.example"])], "a.example /", "wild"],
  [
    "rule 1: a host before a longer path of any host",
    [route("all", [], ["/a/b/c"]), route("named", ["a.example"])],
    "a.example /a/b/c",
    "named",
  ],
  [
    "rule 1: a host whose paths do not match leaves it to the others",
    [route("named", ["a.example"], ["/x"]), route("wild", ["*.example"], ["/y"]), route("all")],
    "a.example /z",
    "all",
  ],
  [
    "rule 2: the longer wildcard",
    [route("short", ["*.example"]), route("long", ["*.a.example"])],
    "b.a.example /",
    "long",
  ],

  ["a path", [route("a", [], ["/a"])], "h /a", "a"],
  ["another path", [route("a", [], ["/a"])], "h /a/", undefined],
  ["a glob", [route("a", [], ["/a/*"])], "h /a/b/c", "a"],
  ["one of several paths", [route("a", [], ["/a", "*.png"])], "h /x/y.png", "a"],
  [
    "rule 3: the longer beginning",
    [route("short", [], ["/a/*"]), route("long", [], ["/a/b/*"])],
    "h /a/b/c",
    "long",
  ],
  [
    "rule 3: to the first star alone",
    [route("long", [], ["/a/*/x/y/z"]), route("short", [], ["/a/b*"])],
    "h /a/b/x/y/z",
    "short",
  ],
  [
    "rule 3: a whole path before one that goes on",
    [route("glob", [], ["/a*"]), route("whole", [], ["/a"])],
    "h /a",
    "whole",
  ],
  ["rule 3: any path comes last", [route("all"), route("glob", [], ["*"])], "h /", "glob"],
  [
    "rule 3: each path of a route counts for itself",
    [route("one", [], ["/", "/a/b/*"]), route("other", [], ["/a/*"])],
    "h /a/c",
    "other",
  ],

  [
    "rule 4: the order, when nothing else tells",
    [route("first", ["a.example"], ["/a*"]), route("second", ["a.example"], ["/b*", "/a*"])],
    "a.example /ab",
    "first",
  ],
];

test.each(rows)("%s", (_, routes, request, upstream) => {
  const [host = "", path = ""] = request.split(" ");

  expect(new Routes(routes, compileGlob).pick(host, path)?.upstream).toBe(upstream as never);
});

describe("routes", () => {
  test("give back what they were given, with all that is in it", () => {
    const given = { ...route("a"), name: "mine" };

    expect(new Routes([given], compileGlob).pick("h", "/")).toBe(given);
  });

  test("make each glob once", () => {
    const made: string[] = [];
    const routes = new Routes([route("a", ["a.example", "*.b.example"], ["/x", "/y*"])], (glob) => {
      made.push(glob);
      return compileGlob(glob);
    });

    routes.pick("a.example", "/x");
    routes.pick("c.b.example", "/yz");

    expect(made).toEqual(["/x", "/y*"]);
  });
});
