/**
 * Which fields of a request tell an upstream who the client is, beyond what it
 * has asked for: its address as proxies, networks and platforms pass it on, its
 * user, and the page that it comes from when that is another site's.
 *
 * CGI and WSGI make one variable of `X-Forwarded-For` and `X_Forwarded_For`
 * (RFC 3875 §4.1.18), so names with underscores are judged as those with hyphens.
 */

const TELLING: ReadonlySet<string> = new Set([
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-pseudo-ipv4",
  "client-ip",
  "fastly-client-ip",
  "fly-client-ip",
  "forwarded",
  "forwarded-for",
  "forwarded-for-ip",
  "from", // RFC 9110 §10.1.2: a mailbox
  "true-client-ip",
  "via",
  "wl-proxy-client-ip",
  "x-appengine-user-ip",
  "x-azure-clientip",
  "x-azure-socketip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-coming-from",
  "x-envoy-external-address",
  "x-forwarded",
  "x-msisdn", // telephone numbers, as mobile networks add them
  "x-nokia-msisdn",
  "x-original-forwarded-for",
  "x-originating-ip",
  "x-proxyuser-ip",
  "x-real-ip",
  "x-remote-addr",
  "x-remote-ip",
  "x-up-calling-line-id",
  "x-up-subno",
  "x-user-ip",
  "x-wap-msisdn",
]);

/** What names begin with that `tellsOfClient` and Referer are about. */
export const TELLING_LETTERS = [...new Set([...TELLING, "referer"].map((name) => name.charAt(0)))].join("");

/** What names begin with that `tellsOfAgent` is about. */
export const AGENT_LETTERS = "su";

/** The field with this name, in lower case, tells of the client whatever it says. */
export function tellsOfClient(name: string): boolean {
  return TELLING.has(hyphenated(name)) || isForwardedField(name);
}

/** RFC 7239 `Forwarded`, and what came before it and beside it. */
export function isForwardedField(name: string): boolean {
  const field = hyphenated(name);
  return field === "forwarded" || field.startsWith("x-forwarded-");
}

/** What says of the user agent what `User-Agent` does (User-Agent Client Hints §3), and that field itself. */
export function tellsOfAgent(name: string): boolean {
  const field = hyphenated(name);
  return field === "user-agent" || field === "sec-ch-ua" || field.startsWith("sec-ch-ua-");
}

/** The name as servers see it that know no other sign than underscores. */
export function hyphenated(name: string): string {
  return name.includes("_") ? name.replaceAll("_", "-") : name;
}

/** Whether a Referer names another host than the one that is asked, or none that can be made out. */
export function isAcrossSites(referer: string, host: string): boolean {
  const [, inBrackets, name = ""] =
    /^https?:\/\/(?:[^/?#@]*@)?(?:\[([^\]]*)\]|([^/?#@:]*))(?::[0-9]*)?(?:[/?#]|$)/i.exec(referer) ?? [];
  return (inBrackets ?? name).toLowerCase() !== host;
}
