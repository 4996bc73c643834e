import { describe, expect, test } from "bun:test";
import { proxyPac } from "../../src/admin/proxy-pac.ts";
import type { PolicySpec, RuleSpec } from "../../src/policy/spec.ts";

const LOCAL = ["127.0.0.1:8888"];
const EVERYWHERE = ["0.0.0.0:8888"];

// The listeners | how the asker has called us | what a URL of the world goes through.
const listeners: readonly (readonly [readonly string[], string | undefined, string])[] = [
  [LOCAL, "127.0.0.1:8889", "PROXY 127.0.0.1:8888"],
  [LOCAL, "localhost:8889", "PROXY 127.0.0.1:8888"],
  [LOCAL, "[::1]:8889", "PROXY 127.0.0.1:8888"],
  [LOCAL, undefined, "PROXY 127.0.0.1:8888"],
  [LOCAL, "proxy.test:8889", "DIRECT"],
  [LOCAL, "10.0.0.1", "DIRECT"],
  [EVERYWHERE, "Proxy.Test:8889", "PROXY proxy.test:8888"],
  [EVERYWHERE, "10.0.0.1:8889", "PROXY 10.0.0.1:8888"],
  [EVERYWHERE, "localhost", "PROXY localhost:8888"],
  [EVERYWHERE, "[::1]:8889", "PROXY 127.0.0.1:8888"],
  [EVERYWHERE, "[2001:db8::1]", "DIRECT"],
  [["[::]:8888"], "[2001:DB8::1]", "PROXY [2001:db8::1]:8888"],
  [["[::]:8888"], "10.0.0.1", "PROXY 10.0.0.1:8888"],
  [["10.0.0.1:8888", "[2001:db8::1]:81"], "proxy.test", "PROXY 10.0.0.1:8888; PROXY [2001:db8::1]:81"],
  [["127.0.0.1:1", "10.0.0.1:2", "0.0.0.0:3"], "proxy.test", "PROXY 10.0.0.1:2; PROXY proxy.test:3"],
  [
    ["127.0.0.1:1", "10.0.0.1:2", "0.0.0.0:3"],
    "localhost",
    "PROXY 127.0.0.1:1; PROXY 10.0.0.1:2; PROXY localhost:3",
  ],
  [EVERYWHERE, '"; alert(1); "', "PROXY 127.0.0.1:8888"],
  [EVERYWHERE, "a\u2028b", "PROXY 127.0.0.1:8888"],
  [EVERYWHERE, "127.1", "PROXY 127.0.0.1:8888"],
  [[], "localhost", "DIRECT"],
];

test.each(listeners)("of %j, who has called us %p goes through %s", (addresses, host, expected) => {
  const find = evaluate(proxyPac({ policy: policyOf([]) }, bound(addresses), host));

  expect(find("http://a.test/")).toBe(expected);
});

// The URL | whether it is proxied by a listener of this machine alone | by one that others reach.
const urls = [
  ["http://a.test/", true, true],
  ["https://a.test/", true, true],
  ["wss://a.test/", true, true],
  ["http://93.184.216.34/", true, true],
  ["http://[2606:2800::1]/", true, true],
  ["http://a.test./", true, true],
  ["ftp://a.test/", false, false],
  ["file:///etc/passwd", false, false],
  ["http://nas/", true, false],
  ["http://nas./", true, false],
  ["http://localhost/", true, false],
  ["http://LOCALHOST:3000/", true, false],
  ["http://a.localhost/", true, false],
  ["http://notlocalhost.test/", true, true],
  ["http://127.0.0.1/", true, false],
  ["http://127.8.8.8/", true, false],
  ["http://10.1.2.3/", true, false],
  ["http://172.16.0.1/", true, false],
  ["http://172.32.0.1/", true, true],
  ["http://192.168.1.1:8080/", true, false],
  ["http://100.64.0.1/", false, false],
  ["http://169.254.169.254/", false, false],
  ["http://[::1]/", true, false],
  ["http://[::1234]/", true, true],
  ["http://[fd00::1]/", true, false],
  ["http://[fe80::1]/", false, false],
  ["http://127.0.0.1:8889/status", false, false],
  ["http://user@127.0.0.1:8889?x", false, false],
  ["http://127.0.0.1:88890/", true, false],
] as const;

test.each(urls)(
  "%s is proxied: %p from this machine, and %p by a listener for all",
  (url, local, everywhere) => {
    const policy = policyOf([]);

    expect(isProxied(proxyPac({ policy }, bound(LOCAL), "127.0.0.1:8889"), url)).toBe(local);
    expect(isProxied(proxyPac({ policy }, bound(["10.0.0.9:8888"]), "127.0.0.1:8889"), url)).toBe(everywhere);
  },
);

describe("a rule", () => {
  // The rule | the URL | whether it is proxied by a listener for all.
  const rules: readonly (readonly [Partial<RuleSpec>, string, boolean])[] = [
    [{ action: "deny", hosts: ["a.test"] }, "http://a.test/", true],
    [{ action: "deny", hosts: ["nas"] }, "http://nas/", true],
    [{ action: "redirect", hosts: ["go"] }, "http://GO/x", true],
    [{ action: "rewrite", hosts: ["go"] }, "http://go./", true],
    [{ action: "tag", hosts: ["nas"] }, "http://nas/", false],
    [{ action: "deny", hosts: ["nas"] }, "http://san/", false],
    [{ action: "deny", hosts: ["*.localhost"] }, "http://a.localhost/", false],
    [{ action: "deny", hosts: ["a.localhost"] }, "http://a.localhost/", true],
    [{ action: "deny", hosts: ["10.1.2.3", "fd00::1"] }, "http://10.1.2.3/", true],
    [{ action: "deny", hosts: ["10.1.2.3", "fd00::1"] }, "http://[fd00::1]/", true],
    [{ action: "allow", addresses: ["10.0.0.0/8"] }, "http://10.1.2.3/", true],
    [{ action: "allow", addresses: ["10.1.2.3"] }, "http://10.1.2.3/", true],
    [{ action: "allow", addresses: ["10.1.2.3"] }, "http://10.1.2.4/", false],
    [{ action: "allow", addresses: ["10.0.0.0/8"] }, "http://192.168.1.1/", false],
    [{ action: "allow", addresses: ["10.0.0.0/8"] }, "http://nas/", true],
    [{ action: "allow", addresses: ["0.0.0.0/0"] }, "http://10.1.2.3/", false],
    [{ action: "allow", addresses: ["0.0.0.0/0"] }, "http://nas/", false],
    [{ action: "deny", addresses: ["10.0.0.0/8"] }, "http://10.1.2.3/", false],
    [{ action: "allow", addresses: ["169.254.169.254"] }, "http://169.254.169.254/", true],
    [{ action: "allow", addresses: ["fd00::/8"] }, "http://[fd00::1]/", true],
    [{ action: "allow", addresses: ["fd00::/8"] }, "http://[fe80::1]/", false],
    [{ action: "allow", addresses: ["127.0.0.0/8"] }, "http://127.0.0.1/", true],
    [{ action: "allow", addresses: ["127.0.0.0/8"] }, "http://localhost/", false],
  ];

  test.each(rules)("%j has %s proxied: %p", (rule, url, expected) => {
    const text = proxyPac({ policy: policyOf([rule]) }, bound(EVERYWHERE), "proxy.test:8889");

    expect(isProxied(text, url)).toBe(expected);
  });

  test("that opens loopback opens it to this machine by its name, too", () => {
    const policy = policyOf([{ action: "allow", addresses: ["127.0.0.0/8"] }]);

    expect(isProxied(proxyPac({ policy }, bound(EVERYWHERE), "localhost:8889"), "http://localhost/")).toBe(
      true,
    );
  });
});

test("hosts named like what every object has are hosts like any other", () => {
  for (const host of ["constructor", "hasownproperty", "__proto__", "tostring"]) {
    const text = (hosts: string[]) =>
      proxyPac({ policy: policyOf([{ action: "deny", hosts }]) }, bound(EVERYWHERE), "proxy.test");

    expect(isProxied(text([host]), `http://${host}/`)).toBe(true);
    expect(isProxied(text(["other"]), `http://${host}/`)).toBe(false);
  }
});

test("thousands of hosts and ranges are cut, and it is said so", () => {
  const hosts = Array.from({ length: 5_000 }, (_, index) => `host-${index}`);
  const addresses = Array.from({ length: 5_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  const policy = policyOf([
    { action: "deny", hosts: [...hosts, ...hosts] },
    { action: "allow", addresses },
  ]);

  const text = proxyPac({ policy }, bound(EVERYWHERE), "proxy.test");

  expect(text.length).toBeLessThan(64 * 1024);
  expect(text.match(/\/\/ and 4000 more, left out/g)).toHaveLength(2);
  expect(isProxied(text, "http://host-999/")).toBe(true);
  expect(isProxied(text, "http://10.0.0.1/")).toBe(true);
});

test("the script is ES3, and asks no resolver", () => {
  const text = proxyPac(
    { policy: policyOf([{ action: "deny", hosts: ["nas"] }]) },
    bound(EVERYWHERE),
    "proxy.test",
  );

  expect(text).not.toMatch(/\b(?:let|const|dnsResolve|isResolvable|isInNetEx|myIpAddress)\b|=>|`|,\s*[}\]]/);
  expect(text).toMatch(/^[\n -~]*$/);
});

function bound(addresses: readonly string[]) {
  return addresses.map((address) => ({ address }));
}

function isProxied(script: string, url: string): boolean {
  const answer = evaluate(script)(url);
  expect(answer).toMatch(/^(?:DIRECT|PROXY [^ ;]+(?:; PROXY [^ ;]+)*)$/);
  return answer !== "DIRECT";
}

/** With the functions that every browser lends such a script. */
function evaluate(script: string): (url: string) => string {
  const word = (quad: string) => quad.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const lent = {
    isPlainHostName: (host: string) => !host.includes("."),
    dnsDomainIs: (host: string, domain: string) => host.endsWith(domain),
    isInNet(host: string, network: string, mask: string) {
      if (!/^[0-9.]+$/.test(host)) throw new Error(`Cannot ask for ${host}: a name would be resolved`);
      return ((word(host) ^ word(network)) & word(mask)) === 0;
    },
  };
  const find: (url: string, host: string) => string = new Function(
    ...Object.keys(lent),
    `${script}; return FindProxyForURL;`,
  )(...Object.values(lent));
  return (url) => find(url, /^\w+:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)/.exec(url)?.[1] ?? "");
}

function policyOf(rules: readonly Partial<RuleSpec>[]): PolicySpec {
  const rule = { action: "allow", hosts: [], addresses: [] };
  return { rules: rules.map((given) => ({ ...rule, ...given })) } as unknown as PolicySpec;
}
