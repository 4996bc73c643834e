/** Settings of routes and upstreams. */
import { type Rows, texts } from "./rows.ts";

const UPSTREAMS = { upstreams: { NAME: { endpoints: ["a:1"] } } };
const routed = { ...UPSTREAMS, routes: [{ upstream: "NAME" }] };

export const reverseRows: Rows = {
  "routes[0].hosts": {
    ...texts(["example.com", "*.example.com", ".example.com"], ["", "*", "a..b", "a:80", 1], 1_000),
    good: [
      [[], []],
      [
        ["Example.COM.", "bücher.example", "[::1]"],
        ["example.com", "xn--bcher-kva.example", "::1"],
      ],
    ],
    beside: routed,
  },
  "routes[0].paths": {
    ...texts(["/", "/api/*", "*.png"], ["", "api", "/a?b", "/a//b", "/../a", 1], 1_000),
    beside: routed,
  },
  "routes[0].upstream": { good: [["NAME", "NAME"]], bad: ["", "a b", "OTHER", 1, null], beside: routed },
  "upstreams.NAME.endpoints": {
    good: [
      [["192.0.2.1:8080"], [{ host: "192.0.2.1", port: 8_080 }]],
      [
        ["App.example.com.:1", "bücher.example:65535"],
        [
          { host: "app.example.com", port: 1 },
          { host: "xn--bcher-kva.example", port: 65_535 },
        ],
      ],
      [
        ["[2001:DB8:0::1]:80", "localhost:80"],
        [
          { host: "2001:db8::1", port: 80 },
          { host: "localhost", port: 80 },
        ],
      ],
      [numbered(256), Array.from({ length: 256 }, (_, at) => ({ host: "a", port: at + 1 }))],
    ],
    bad: [
      [],
      "a:80",
      ["a"],
      ["a:0"],
      ["a:65536"],
      [":80"],
      ["::1:80"],
      ["*.example.com:80"],
      ["127.1:80"],
      ["http://a:80"],
      ["a:80/"],
      [80],
      [null],
      numbered(257),
    ],
    beside: UPSTREAMS,
  },
};

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `a:${at + 1}`);
}
