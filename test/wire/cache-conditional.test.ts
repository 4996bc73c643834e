/** Ranges, conditions and HEAD of what is stored, as a real client asks for them (RFC 9110 §13, §14), without the origin. */
import { describe, expect, test } from "bun:test";
import { type CurlAnswer, curl } from "../support/curl.ts";
import { HttpClient } from "../support/http-client.ts";
import { startProxy } from "../support/proxy.ts";
import { checkedBody, fresh, startOrigin } from "../support/servers/origin.ts";
import { testWith } from "../support/tools.ts";

const MODIFIED = "Sat, 01 Jan 2022 00:00:00 GMT";
const BEFORE = "Fri, 31 Dec 2021 00:00:00 GMT";
const ETAG = '"one"';

/** Small: answered in one piece. Large: read out piece by piece. */
const SIZES = { small: 1_000, large: 1_000_000 } as const;

/** All of ASCII, so that it can be compared as text. */
function text(bytes: number): string {
  return Array.from({ length: Math.ceil(bytes / 10) }, (_, at) => `${at}`.padStart(9, "0"))
    .join("\n")
    .padEnd(bytes, ".");
}

describe.each(Object.entries(SIZES))("of a stored answer, %s:", (size, bytes) => {
  const whole = text(bytes);
  const last = bytes - 1;
  const ranges = [
    ["the first bytes", "0-9", 206, whole.slice(0, 10), `bytes 0-9/${bytes}`],
    ["bytes in the middle", "100-199", 206, whole.slice(100, 200), `bytes 100-199/${bytes}`],
    ["from a byte on", `${bytes - 7}-`, 206, whole.slice(-7), `bytes ${bytes - 7}-${last}/${bytes}`],
    ["the last bytes", "-20", 206, whole.slice(-20), `bytes ${bytes - 20}-${last}/${bytes}`],
    ["all bytes as a range", "0-", 206, whole, `bytes 0-${last}/${bytes}`],
    ["a range beyond the end", `${bytes}-`, 416, "", `bytes */${bytes}`],
    ["a range that makes no sense", "9-0", 200, whole, undefined],
  ] as const;

  testWith(["curl"], `ranges, by curl (${size})`, async () => {
    await using proxy = await startProxy({ workers: 2 });
    using origin = startOrigin(() => fresh(whole, { etag: ETAG, "last-modified": MODIFIED }));
    const url = `http://${origin.authority}/whole`;
    await curl(proxy.url, url);

    for (const [what, range, status, body, contentRange] of ranges) {
      const answer = await curl(proxy.url, "-r", range, url);
      expect([what, answer.status]).toEqual([what, status]);
      expect(fieldOf(answer, "content-range")).toBe(contentRange);
      expect(fieldOf(answer, "cache-status")).toStartWith("headgate; hit");
      if (status === 416) continue;
      expect(answer.body === body).toBe(true);
      expect(fieldOf(answer, "etag")).toBe(ETAG);
    }
    expect(origin.askedInAll()).toBe(1);
  });
});

testWith(
  ["curl"],
  "several ranges are parts of one answer, each where it says (RFC 9110 §14.6)",
  async () => {
    await using proxy = await startProxy({ workers: 1 });
    const whole = text(10_000);
    using origin = startOrigin(() => fresh(whole, { etag: ETAG, "content-type": "text/plain" }));
    const url = `http://${origin.authority}/whole`;
    await curl(proxy.url, url);

    const answer = await curl(proxy.url, "-r", "0-9,5000-5009,-10", url);

    expect(answer.status).toBe(206);
    const [, boundary = ""] =
      /^multipart\/byteranges; ?boundary="?([^"]+)"?$/.exec(fieldOf(answer, "content-type") ?? "") ?? [];
    const parts = answer.body.split(`--${boundary}`).slice(1, -1);
    expect(parts.map((part) => part.replace(/^\r\n[\s\S]*?\r\n\r\n/, "").replace(/\r\n$/, ""))).toEqual([
      whole.slice(0, 10),
      whole.slice(5000, 5010),
      whole.slice(-10),
    ]);
    expect(parts.map((part) => /Content-Range: (.*)\r/i.exec(part)?.[1])).toEqual([
      "bytes 0-9/10000",
      "bytes 5000-5009/10000",
      "bytes 9990-9999/10000",
    ]);
    for (const part of parts) expect(part).toMatch(/\r\nContent-Type: text\/plain/i);
    expect(origin.askedInAll()).toBe(1);
  },
);

// What is asked | the fields | the status | how many bytes of the body.
const conditions = [
  ["If-None-Match with its entity tag", [`If-None-Match: ${ETAG}`], 304, 0],
  ["If-None-Match with a weak one of the same", [`If-None-Match: W/${ETAG}`], 304, 0],
  ["If-None-Match with several", [`If-None-Match: "zero", ${ETAG}`], 304, 0],
  ["If-None-Match with a star", ["If-None-Match: *"], 304, 0],
  ["If-None-Match with another", ['If-None-Match: "two"'], 200, 1_000],
  ["If-Modified-Since of its date", [`If-Modified-Since: ${MODIFIED}`], 304, 0],
  ["If-Modified-Since before it", [`If-Modified-Since: ${BEFORE}`], 200, 1_000],
  [
    "If-None-Match before If-Modified-Since",
    ['If-None-Match: "two"', `If-Modified-Since: ${MODIFIED}`],
    200,
    1_000,
  ],
  ["If-Range with its entity tag", ["Range: bytes=0-9", `If-Range: ${ETAG}`], 206, 10],
  ["If-Range with another", ["Range: bytes=0-9", 'If-Range: "two"'], 200, 1_000],
  ["If-Range with a weak one", ["Range: bytes=0-9", `If-Range: W/${ETAG}`], 200, 1_000],
  ["If-Range with its date", ["Range: bytes=0-9", `If-Range: ${MODIFIED}`], 206, 10],
] as const;

testWith(["curl"], "conditions are answered from what is stored (RFC 9110 §13.2)", async () => {
  await using proxy = await startProxy({ workers: 2 });
  using origin = startOrigin(() => fresh(text(1_000), { etag: ETAG, "last-modified": MODIFIED }));
  const url = `http://${origin.authority}/whole`;
  await curl(proxy.url, url);

  for (const [what, fields, status, bytes] of conditions) {
    const answer = await curl(proxy.url, ...fields.flatMap((field) => ["-H", field]), url);
    expect([what, answer.status, answer.body.length]).toEqual([what, status, bytes]);
    expect(fieldOf(answer, "cache-status")).toStartWith("headgate; hit");
  }
  expect(origin.askedInAll()).toBe(1);
});

testWith(["curl"], "curl's own file of entity tags and dates saves the second download", async () => {
  await using proxy = await startProxy({ workers: 1 });
  using origin = startOrigin(() => fresh(text(1_000), { etag: ETAG, "last-modified": MODIFIED }));
  const url = `http://${origin.authority}/whole`;
  await curl(proxy.url, url);

  const again = await curl(proxy.url, "-z", MODIFIED, url);

  expect(again.status).toBe(304);
  expect(again.body).toBe("");
  expect(origin.askedInAll()).toBe(1);
});

testWith(
  ["curl"],
  "HEAD is answered from what a GET has stored, with the length and without the body",
  async () => {
    await using proxy = await startProxy({ workers: 2 });
    using origin = startOrigin(() => fresh(text(200_000), { etag: ETAG }));
    const url = `http://${origin.authority}/whole`;
    await curl(proxy.url, url);

    const head = await curl(proxy.url, "-I", url);

    expect(head.status).toBe(200);
    expect(fieldOf(head, "content-length")).toBe("200000");
    expect(fieldOf(head, "etag")).toBe(ETAG);
    expect(fieldOf(head, "cache-status")).toStartWith("headgate; hit");
    expect(origin.heard).toEqual(["GET /whole"]);
  },
);

test("a HEAD of what is not stored goes to the origin, and stores no body", async () => {
  await using proxy = await startProxy({ workers: 1 });
  using origin = startOrigin(({ path }) => fresh(checkedBody(path, 1, 500)));
  using client = await HttpClient.connect(proxy.port);

  const head = await client.get(origin.authority, "/new", { method: "HEAD" });
  const answer = await client.get(origin.authority, "/new");

  expect(head.status).toBe(200);
  expect(answer.body.length).toBe(500);
  expect(origin.heard).toEqual(["HEAD /new", "GET /new"]);
});

test("a stored answer is validated with its entity tag, and a 304 makes it fresh for all workers (RFC 9111 §4.3.4)", async () => {
  await using proxy = await startProxy({ workers: 2 });
  const asked: (string | null)[] = [];
  using origin = startOrigin(({ path, headers, count }) => {
    asked.push(headers.get("if-none-match"));
    if (headers.get("if-none-match") !== ETAG) {
      return fresh(checkedBody(path, 1), { "cache-control": "max-age=60", age: "100", etag: ETAG });
    }
    return new Response(null, {
      status: 304,
      headers: { etag: ETAG, "cache-control": "max-age=3600", "x-count": String(count) },
    });
  });
  using client = await HttpClient.connect(proxy.port);
  await client.get(origin.authority, "/stale");

  const validated = await client.get(origin.authority, "/stale");
  expect(validated.field("cache-status")).toMatch(/^headgate; fwd=stale; fwd-status=304; ttl=3[56]\d\d/);
  expect(validated.body.equals(checkedBody("/stale", 1))).toBe(true);

  const clients = await Promise.all(Array.from({ length: 12 }, () => HttpClient.connect(proxy.port)));
  for (const other of clients) {
    const answer = await other.get(origin.authority, "/stale");
    expect(answer.field("cache-status")).toStartWith("headgate; hit");
    expect(answer.field("x-count")).toBe("2");
    other[Symbol.dispose]();
  }
  expect(asked).toEqual([null, ETAG]);
});

test("a client's own condition holds for what a validation has brought", async () => {
  await using proxy = await startProxy({ workers: 1 });
  using origin = startOrigin(({ path, headers }) =>
    headers.get("if-none-match") === ETAG
      ? new Response(null, { status: 304, headers: { etag: ETAG, "cache-control": "max-age=60" } })
      : fresh(checkedBody(path, 1), { "cache-control": "max-age=60", age: "100", etag: ETAG }),
  );
  using client = await HttpClient.connect(proxy.port);
  await client.get(origin.authority, "/mine");

  const answer = await client.get(origin.authority, "/mine", { fields: `If-None-Match: ${ETAG}\r\n` });

  expect(answer.status).toBe(304);
});

function fieldOf({ heads }: CurlAnswer, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\r$`, "im").exec(heads)?.[1];
}
