import { expect, test } from "bun:test";
import {
  isAcrossSites,
  isForwardedField,
  tellsOfAgent,
  tellsOfClient,
} from "../../../src/policy/changes/anonymity.ts";

const told = [
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-anything",
  "x_forwarded_for",
  "x-forwarded_proto",
  "forwarded",
  "forwarded-for",
  "x-original-forwarded-for",
  "via",
  "from",
  "x-real-ip",
  "x_real_ip",
  "cf_connecting-ip",
  "client-ip",
  "x-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "x-cluster-client-ip",
  "x-proxyuser-ip",
];

test.each(told)("%s tells of the client", (name) => {
  expect(tellsOfClient(name)).toBe(true);
});

test.each([
  "accept",
  "user-agent",
  "referer",
  "cookie",
  "x-forward",
  "x_forward",
  "x_request_id",
  "x-request-id",
  "forwardedx",
])("%s does not, by its name", (name) => {
  expect(tellsOfClient(name)).toBe(false);
});

test("of the fields that tell, those that proxies forward with are told apart", () => {
  expect(told.filter(isForwardedField)).toEqual([
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-anything",
    "x_forwarded_for",
    "x-forwarded_proto",
    "forwarded",
  ]);
});

test.each([
  "user-agent",
  "user_agent",
  "sec-ch-ua",
  "sec-ch-ua-mobile",
  "sec-ch-ua-platform-version",
  "sec-ch-ua-full-version-list",
  "sec_ch_ua_arch",
])("%s tells of the user agent", (name) => {
  expect(tellsOfAgent(name)).toBe(true);
});

test.each(["sec-ch-uax", "sec-ch-width", "sec-fetch-site", "user-agents"])("%s does not", (name) => {
  expect(tellsOfAgent(name)).toBe(false);
});

// The Referer | whether it is another site's, for a request to a.test.
const referers = [
  ["http://a.test/", false],
  ["https://a.test/x?y#z", false],
  ["HTTP://A.Test:8080", false],
  ["http://a.test?x", false],
  ["http://b.test/", true],
  ["http://sub.a.test/", true],
  ["http://a.test.b.test/", true],
  ["http://a.test@b.test/", true],
  ["http://b.test/?http://a.test/", true],
  ["http://b.test/@a.test/", true],
  ["http://user@a.test/", false],
  ["http://[::1]/", true],
  ["ftp://a.test/", true],
  ["//a.test/", true],
  ["a.test", true],
  ["", true],
] as const;

test.each(referers)("the Referer %p is another site's: %p", (referer, expected) => {
  expect(isAcrossSites(referer, "a.test")).toBe(expected);
});

test("a Referer may be an IPv6 address's", () => {
  expect(isAcrossSites("http://[2001:DB8::1]:80/", "2001:db8::1")).toBe(false);
  expect(isAcrossSites("http://[2001:db8::2]/", "2001:db8::1")).toBe(true);
});
