/**
 * One policy for two proxies: twenty rules, a list of 100,000 hosts and log-in with
 * a bcrypt password, and for us a rate limit per client besides, which squid has
 * none of. What is asked for passes every rule to the last, as most traffic does.
 */
import { join } from "node:path";

const HOSTS = 100_000;

/** What wrk logs in with (`get.lua`). */
const USER = "bench";
const PASSWORD = "open sesame";

/** Cost 5: verified once and remembered by both, so that it plays no part. */
const COST = 5;

const BLOCKED = [
  ["tracker.example", "ads.example", "beacon.example", "pixel.example", "metrics.example"],
  ["games.example", "play.example", "arcade.example", "bets.example", "poker.example"],
  ["mail.example", "smtp.example", "imap.example", "webmail.example", "chat.example"],
  ["mirror-1.example", "mirror-2.example", "mirror-3.example", "mirror-4.example", "old.example"],
  ["upload.example", "paste.example", "drop.example", "share.example", "leak.example"],
];

/** Writes the list and the passwords that both read. */
export async function writePolicyFiles(folder: string): Promise<{ list: string; passwords: string }> {
  const list = join(folder, "blocked.txt");
  const passwords = join(folder, "htpasswd");
  const domains = Array.from(
    { length: HOSTS },
    (_, at) => `.host-${at.toString(36)}.blocked-${at % 977}.test`,
  );
  await Bun.write(list, `${domains.join("\n")}\n`);
  const hash = await Bun.password.hash(PASSWORD, { algorithm: "bcrypt", cost: COST });
  await Bun.write(passwords, `${USER}:${hash}\n`);
  return { list, passwords };
}

/** What our config has of it. */
export async function ourPolicy(folder: string): Promise<Record<string, unknown>> {
  const { list, passwords } = await writePolicyFiles(folder);
  return {
    authentication: { htpasswd: passwords, groups: [{ name: "staff", members: [USER] }] },
    policy: {
      default: "deny",
      lists: [{ name: "blocked", file: list }],
      limits: [{ name: "per-client", by: "client", requests: "1000000/s", burst: 1_000_000 }],
      rules: [
        { name: "blocked", action: "deny", lists: ["blocked"] },
        ...BLOCKED.map((hosts, at) => ({
          name: `hosts-${at}`,
          action: "deny",
          hosts: hosts.map((host) => `.${host}`),
        })),
        { name: "smtp", action: "deny", ports: [25, 465, 587] },
        { name: "trace", action: "deny", methods: ["TRACE"] },
        { name: "guests", action: "deny", clients: ["203.0.113.0/24"] },
        { name: "printers", action: "deny", clients: ["198.51.100.0/24", "192.0.2.0/24"] },
        { name: "cgi", action: "deny", paths: ["/cgi-bin/*"] },
        { name: "admin", action: "deny", paths: ["/wp-admin/*"] },
        { name: "programs", action: "deny", paths: ["*.exe"] },
        { name: "mallory", action: "deny", users: ["mallory"] },
        { name: "robots", action: "deny", headers: [{ name: "User-Agent", value: "BadBot*" }] },
        { name: "low-tunnels", action: "deny", schemes: ["tunnel"], ports: ["1-442"] },
        { name: "high-tunnels", action: "deny", schemes: ["tunnel"], ports: ["444-65535"] },
        { name: "intranet", action: "allow", groups: ["staff"], hosts: [".intranet.example"] },
        { name: "releases", action: "allow", hosts: [".releases.example"] },
        { name: "rest", action: "allow", groups: ["staff"] },
      ],
    },
  };
}

/** The same in squid's words, in front of nothing: it ends with the last rule and the default. */
export function squidPolicy({ list, passwords }: { list: string; passwords: string }): string {
  return `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${passwords}
auth_param basic children 2
auth_param basic credentialsttl 5 minutes
acl blocked dstdomain "${list}"
${BLOCKED.map((hosts, at) => `acl hosts_${at} dstdomain ${hosts.map((host) => `.${host}`).join(" ")}`).join("\n")}
acl smtp port 25 465 587
acl trace method TRACE
acl guests src 203.0.113.0/24
acl printers src 198.51.100.0/24 192.0.2.0/24
acl cgi urlpath_regex ^/cgi-bin/
acl admin urlpath_regex ^/wp-admin/
acl programs urlpath_regex \\.exe$
acl mallory proxy_auth mallory
acl robots browser ^BadBot
acl connect method CONNECT
acl low port 1-442
acl high port 444-65535
acl staff proxy_auth ${USER}
acl intranet dstdomain .intranet.example
acl releases dstdomain .releases.example
http_access deny blocked
${BLOCKED.map((_, at) => `http_access deny hosts_${at}`).join("\n")}
http_access deny smtp
http_access deny trace
http_access deny guests
http_access deny printers
http_access deny cgi
http_access deny admin
http_access deny programs
http_access deny mallory
http_access deny robots
http_access deny connect low
http_access deny connect high
http_access allow staff intranet
http_access allow releases
http_access allow staff
http_access deny all
`;
}
