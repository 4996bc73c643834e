import { describe, expect, test } from "bun:test";
import { invalidatedBy, namesUri } from "../../src/cache/invalidation.ts";

const TARGET = "http://a.example:8080/x/y?q=1";

describe("what becomes invalid (RFC 9111 §4.4)", () => {
  // Each row: what it shows | the method | the status | the answer's lines | the URIs.
  const rows = [
    ["the target of a POST", "POST", 200, "", [TARGET]],
    ["the target of a PUT", "PUT", 204, "", [TARGET]],
    ["the target of a DELETE", "DELETE", 200, "", [TARGET]],
    ["the target of a PATCH", "PATCH", 200, "", [TARGET]],
    ["the target of a method that is not known", "M-SEARCH", 200, "", [TARGET]],
    ["the target of a redirect", "POST", 303, "", [TARGET]],
    ["nothing by GET", "GET", 200, "Location: /a\r\n", []],
    ["nothing by HEAD", "HEAD", 200, "", []],
    ["nothing by OPTIONS", "OPTIONS", 200, "", []],
    ["nothing by TRACE", "TRACE", 200, "", []],
    ["nothing after an error of the client", "POST", 400, "Location: /a\r\n", []],
    ["nothing after an error of the server", "POST", 500, "", []],
    ["the path of Location", "POST", 201, "Location: /a?b#c\r\n", [TARGET, "http://a.example:8080/a?b"]],
    ["a relative Location", "POST", 201, "Location: ../z\r\n", [TARGET, "http://a.example:8080/z"]],
    ["Content-Location", "PUT", 200, "Content-Location: z\r\n", [TARGET, "http://a.example:8080/x/z"]],
    [
      "both",
      "POST",
      200,
      "Content-Location: /b\r\nLocation: http://a.example:8080/a\r\n",
      [TARGET, "http://a.example:8080/a", "http://a.example:8080/b"],
    ],
    ["what they name once", "POST", 200, "Location: /x/y?q=1\r\nContent-Location: ?q=1\r\n", [TARGET]],
    ["no other host", "POST", 200, "Location: http://b.example:8080/a\r\n", [TARGET]],
    ["no other port", "POST", 200, "Location: http://a.example/a\r\n", [TARGET]],
    ["no other scheme", "POST", 200, "Location: https://a.example:8080/a\r\n", [TARGET]],
    ["nothing that is no URI", "POST", 200, "Location: http://[/\r\n", [TARGET]],
  ] as const;

  test.each(rows)("%s", (_, method, status, lines, uris) => {
    expect(invalidatedBy(method, status, TARGET, lines)).toEqual([...uris]);
  });
});

test("the origin keeps the spelling of the target", () => {
  const uris = invalidatedBy("POST", 200, "http://A.example:80/x", "Location: http://a.example/y\r\n");

  expect(uris).toEqual(["http://A.example:80/x", "http://A.example:80/y"]);
});

test("a reference names a URI whichever way it is written", () => {
  expect(namesUri("y?q=1", TARGET)).toBe(true);
  expect(namesUri("/x/../x/y?q=1", TARGET)).toBe(true);
  expect(namesUri(TARGET, TARGET)).toBe(true);
  expect(namesUri("/x/y", TARGET)).toBe(false);
  expect(namesUri("http://b.example:8080/x/y?q=1", TARGET)).toBe(false);
});
