/** Kinds of value that tell of networks: ranges, ports, hosts, URLs. */
import { parseCidr } from "../policy/address.ts";
import { normaliseHost, normaliseName } from "../policy/host-name.ts";
import type { PortRange } from "../policy/spec.ts";
import { formatHostPort, type HostPort, parseHostPort } from "./host-port.ts";
import { groupsOf, type Kind } from "./kinds.ts";
import { tellsSecret } from "./kinds-http.ts";
import { HIDDEN } from "./kinds-identity.ts";

const PORT_MAX = 65_535;

/** An address range; kept as text, for each worker makes its own table of them. */
export const cidr: Kind<string> = {
  expected: 'an address or a range such as "10.0.0.0/8", with no bits set behind the prefix',
  parse: (given) => (typeof given === "string" && parseCidr(given) ? given : undefined),
  format: (value) => value,
};

/** Kept as text, in the spelling that a resolver takes. */
export const dnsServer: Kind<string> = {
  expected: 'the IP address and the port of a DNS server such as "192.0.2.53:53" or "[2001:db8::53]:53"',
  parse: (given) => {
    const address = typeof given === "string" ? parseHostPort(given) : undefined;
    return address === undefined || address.port === 0 ? undefined : formatHostPort(address);
  },
  format: (value) => value,
};

/** A listener as a rule names it: in the one spelling that `formatHostPort` has. */
export const listenerName: Kind<string> = {
  expected: 'the address of a listener such as "127.0.0.1:8888"',
  parse: (given) => {
    const address = typeof given === "string" ? parseHostPort(given) : undefined;
    return address && formatHostPort(address);
  },
  format: (value) => value,
};

export const portRange: Kind<PortRange> = {
  expected: `a port from 1 to ${PORT_MAX} or a range such as "8000-8999"`,
  parse: (given) => {
    const written = typeof given === "number" ? String(given) : given;
    const [, first = "", last = first] = groupsOf(/^(\d{1,5})(?:-(\d{1,5}))?$/, written) ?? [];
    const [from, to] = [Number(first), Number(last)];
    return from >= 1 && from <= to && to <= PORT_MAX ? { from, to } : undefined;
  },
  format: ({ from, to }) => (from === to ? from : `${from}-${to}`),
};

/** A host as a rule names it; kept in the one spelling that requests are compared with. */
export const hostPattern: Kind<string> = {
  expected: 'a host such as "example.com", "*.example.com", ".example.com" or "192.0.2.1"',
  whyNot: (given) => {
    if (given === "*") return 'Expected a host, found "*"; a rule for every host leaves hosts out';
    return cidr.parse(given) === undefined
      ? undefined
      : "Expected a host, found a range, which belongs in addresses";
  },
  parse: (given) => (typeof given === "string" ? normaliseHost(given) : undefined),
  format: (value) => value,
};

/** Where a rewrite sends a request; an IPv6 address is in brackets. */
export const hostMaybePort: Kind<string> = {
  expected: 'a host, or a host and a port, such as "example.com" or "[2001:db8::1]:8080"',
  parse: (given) => {
    const [, host = "", digits] = groupsOf(/^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/, given) ?? [];
    const name = normaliseName(host);
    const port = digits === undefined ? undefined : Number(digits);
    if (name === undefined || port === 0 || (port ?? 0) > PORT_MAX) return undefined;
    const bracketed = name.includes(":") ? `[${name}]` : name;
    return port === undefined ? bracketed : `${bracketed}:${port}`;
  },
  format: (value) => value,
};

/** Where a request can be sent: an address or a name, and a port. IPv6 is in brackets as written, and without as kept. */
export const endpoint: Kind<HostPort> = {
  expected: 'a host and a port such as "192.0.2.1:8080", "[2001:db8::1]:80" or "app.example.com:8080"',
  parse: (given) => {
    const [, host = "", digits] = groupsOf(/^(\[[^\]]*\]|[^:]*):(\d{1,5})$/, given) ?? [];
    const name = normaliseName(host);
    const port = Number(digits);
    return name !== undefined && port >= 1 && port <= PORT_MAX ? { host: name, port } : undefined;
  },
  format: formatHostPort,
};

/** What it says of a user is hidden, and so are parameters that tell a secret. */
export const httpUrl: Kind<string> = {
  expected: `an absolute URL of http or https, of at most 2048 characters, without a fragment and without "${HIDDEN}"`,
  secret: true,
  parse: (given) => {
    const [url] = groupsOf(/^https?:\/\/[!"$-~]{1,2040}$/i, given) ?? [];
    return url !== undefined && URL.canParse(url) && !url.includes(HIDDEN) ? url : undefined;
  },
  format: (value) =>
    value
      .replace(/^([^:]+:\/\/)[^/?\\]*@/, `$1${HIDDEN}@`)
      .replace(/([?&])([^=&]+)=[^&]+/g, (whole, before: string, name: string) =>
        tellsSecret(name) ? `${before}${name}=${HIDDEN}` : whole,
      ),
};
