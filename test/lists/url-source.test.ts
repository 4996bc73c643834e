import { afterAll, beforeAll, expect, test } from "bun:test";
import { UrlSource } from "../../src/lists/url-source.ts";
import { ListTable } from "../../src/policy/list/table.ts";

type Answer = (request: Request) => Response | Promise<Response>;

const LIST = "a.example\nb.example\n";

let server: Bun.Server<undefined>;
let cutting: Bun.TCPSocketListener<undefined>;

beforeAll(() => {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) =>
      answers[new URL(request.url).pathname]?.(request) ?? new Response("", { status: 404 }),
  });
  cutting = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket) => void socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${LIST}`),
    },
  });
});

afterAll(async () => {
  cutting.stop(true);
  await server.stop(true);
});

/** What `/emptied` answers in turn, and the tags that it was asked with. */
const contents = [LIST, "", "\n\n", "# none", ""];
const tags: (string | null)[] = [];

const answers: Readonly<Record<string, Answer>> = {
  "/list": () => new Response(LIST),
  "/gzip": () => new Response(Bun.gzipSync(LIST), { headers: { "content-encoding": "gzip" } }),
  "/etag": ({ headers }) =>
    headers.get("if-none-match") === '"1"'
      ? new Response(null, { status: 304 })
      : new Response(LIST, { headers: { etag: '"1"' } }),
  "/modified": ({ headers }) =>
    headers.get("if-modified-since") === "Sat, 01 Jan 2022 00:00:00 GMT"
      ? new Response(null, { status: 304 })
      : new Response(LIST, { headers: { "last-modified": "Sat, 01 Jan 2022 00:00:00 GMT" } }),
  "/never-asked": () => new Response(null, { status: 304 }),
  "/bad-etag": () => new Response("<html>", { headers: { etag: '"1"' } }),
  "/emptied": ({ headers }) => {
    tags.push(headers.get("if-none-match"));
    return new Response(contents.shift(), { headers: { etag: `"${tags.length}"` } });
  },
  "/error": () => new Response("no", { status: 503 }),
  "/page": () => new Response("<!doctype html><p>Please log in"),
  "/to-list": () => redirect("/list"),
  "/loop": () => redirect("/loop"),
  "/to-file": () => redirect("file:///etc/hostname"),
  "/to-nowhere": () => new Response(null, { status: 302 }),
  "/silent": () => new Promise<Response>(() => {}),
  "/stalls": () => new Response(new ReadableStream({ start: (body) => body.enqueue(encode(LIST)) })),
  "/drips": () => {
    let timer: NodeJS.Timeout;
    const body = new ReadableStream({
      start(controller) {
        timer = setInterval(() => controller.enqueue(encode("a.example\n")), 5);
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(body);
  },
};

const loads = [
  ["a list", "/list"],
  ["a compressed list", "/gzip"],
  ["a list elsewhere", "/to-list"],
  ["a list behind a query", "/list?key=secret"],
] as const;

test.each(loads)("%s is loaded", async (_, path) => {
  expect(await askFor(path)()).toBe("2 entries");
});

const conditions = [
  ["its tag", "/etag"],
  ["its time", "/modified"],
] as const;

test.each(conditions)("a list is not sent again that is known by %s", async (_, path) => {
  const ask = askFor(path);

  expect(await ask()).toBe("2 entries");
  expect(await ask()).toBe("unchanged");
});

test("the tag of what was no list is not believed", async () => {
  const ask = askFor("/bad-etag");

  expect(await ask()).toContain("it is a web page, no list");
  expect(await ask()).toContain("it is a web page, no list");
});

test("a list that becomes empty is not believed, nor its tag, but one of comments is", async () => {
  const ask = askFor("/emptied");
  const why = "it is empty now; a list that is meant to be empty has a comment line";
  const problem = `Cannot fetch ${server.url.origin}/emptied: ${why}`;

  expect([await ask(), await ask(), await ask(), await ask(), await ask()]).toEqual([
    "2 entries",
    problem,
    problem,
    "0 entries",
    "0 entries",
  ]);
  expect(tags).toEqual([null, '"1"', '"1"', '"1"', '"4"']);
});

// What it shows | where | the problem, after the URL.
const failures = [
  ["a server's error", "/error", "its server answered 503"],
  ["what is not there", "/nothing", "its server answered 404"],
  ["an answer that fits no question", "/never-asked", "its server answered 304"],
  ["a page to log in at", "/page", "it is a web page, no list"],
  ["a redirect without end", "/loop", "it is redirected more than 5 times"],
  ["a redirect to a file", "/to-file", "it leads to no http(s) URL"],
  ["a redirect to nowhere", "/to-nowhere", "it leads to no http(s) URL"],
  ["a server that says nothing", "/silent", "its server was silent for 0.1 s"],
  ["a server that stops in the middle", "/stalls", "its server was silent for 0.1 s"],
  ["a server that drips", "/drips", "it took longer than 0.3 s"],
] as const;

test.each(failures)("%s is told", async (_, path, problem) => {
  expect(await askFor(path)()).toBe(`Cannot fetch ${server.url.origin}${path}: ${problem}`);
});

test("a list that is cut short is not taken for the whole", async () => {
  const ask = asker(new UrlSource(`http://127.0.0.1:${cutting.port}/`));

  expect(await ask()).toContain("the connection was cut");
});

test("a port where nobody listens is told", async () => {
  const closed = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const url = `http://127.0.0.1:${closed.port}/list`;
  closed.stop(true);

  expect(await asker(new UrlSource(url))()).toBe(`Cannot fetch ${url}: connection refused`);
});

test("passwords and keys are not shown", () => {
  expect(new UrlSource("https://me:secret@lists.example/a?key=secret").shown).toBe(
    "https://lists.example/a?…",
  );
});

test("a question that is wanted no more ends", async () => {
  const closing = new AbortController();
  const asking = new UrlSource(`${server.url.origin}/silent`).deliver(closing.signal);
  closing.abort("it is wanted no more");

  expect(await asking).toMatchObject({ result: "failed" });
});

function askFor(path: string): () => Promise<string> {
  return asker(new UrlSource(`${server.url.origin}${path}`, { silenceMs: 100, wholeMs: 300 }));
}

/** Each call is a question, and tells what became of it. */
function asker(source: UrlSource): () => Promise<string> {
  const { signal } = new AbortController();
  return async () => {
    const delivery = await source.deliver(signal);
    if (delivery.result === "failed") return delivery.problem;
    if (delivery.result !== "loaded") return delivery.result;
    return `${new ListTable(delivery.list.table).size.entries} entries`;
  };
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location } });
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
