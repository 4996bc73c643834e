import { expect, test } from "bun:test";
import { parseBasic } from "../../src/credentials/basic.ts";

// Each row: what it is | the value of Proxy-Authorization | name | password.
const credentials = [
  ["a name and a password", "Basic eDp5", "x", "y"],
  ["the example of RFC 7617 §2", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"],
  ["the example of RFC 7617 §2.1, in UTF-8", "Basic dGVzdDoxMjPCow==", "test", "123£"],
  ["a scheme in another case", "bAsIc eDp5", "x", "y"],
  ["several spaces", "Basic   eDp5", "x", "y"],
  ["a password with colons", basic("x:a:b:"), "x", "a:b:"],
  ["an empty password", basic("x:"), "x", ""],
  ["an empty name", basic(":y"), "", "y"],
  ["spaces around both", basic(" x : y "), " x ", " y "],
  ["a mark at the start, which is no part of the encoding", basic("\ufeffx:y"), "\ufeffx", "y"],
  ["the longest token", basic(`x:${"t".repeat(512)}`), "x", "t".repeat(512)],
  [
    "the longest password",
    basic(`${"n".repeat(128)}:${"😀".repeat(256)}`),
    "n".repeat(128),
    "😀".repeat(256),
  ],
] as const;

test.each(credentials)("reads %s", (_, value, name, password) => {
  expect(parseBasic(value)).toEqual({ name, password });
});

// Each row: what it is | the value.
const refusals = [
  ["nothing", ""],
  ["another scheme", "Bearer eDp5"],
  ["a scheme that only begins so", "Basically eDp5"],
  ["a scheme alone", "Basic"],
  ["no space", "BasiceDp5"],
  ["a tab for a space", "Basic\teDp5"],
  ["something after it", "Basic eDp5 eDp5"],
  ["parameters", 'Basic eDp5, charset="UTF-8"'],
  ["the other alphabet of base64", "Basic eDo_-_8="],
  ["base64 without its padding", "Basic eDp5eg"],
  ["base64 with too much padding", "Basic eDp5=="],
  ["base64 with stray bits", "Basic eDp5eh=="],
  ["base64 with a space inside", "Basic eD p5"],
  ["no colon", basic("xy")],
  ["Latin-1", "Basic dGVzdDoxMjOj"],
  ["a line feed", basic("x:y\n")],
  ["a NUL", basic("x\0:y")],
  ["a delete", basic("x:\x7f")],
  ["a control character of C1", basic("x:\u0085")],
  ["more than anyone's credentials hold", basic(`x:${"y".repeat(2_000)}`)],
  ["spaces without end", `Basic ${" ".repeat(5_000)}eDp5`],
] as const;

test.each(refusals)("refuses %s", (_, value) => {
  expect(parseBasic(value)).toBeUndefined();
});

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString("base64")}`;
}
