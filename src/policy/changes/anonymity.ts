/**
 * Which fields of a request tell an upstream who the client is, beyond what it
 * has asked for: its address as proxies, networks and platforms pass it on, its
 * user, and the page that it comes from when that is another site's.
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

/** What the names begin with that any of this is asked about. */
export const TELLING_LETTERS = [...new Set([...TELLING, "referer"].map((name) => name.charAt(0)))].join("");

/** The field with this name, in lower case, tells of the client whatever it says. */
export function tellsOfClient(name: string): boolean {
  return TELLING.has(name) || isForwardedField(name);
}

/** RFC 7239 `Forwarded`, and what came before it and beside it. */
export function isForwardedField(name: string): boolean {
  return name === "forwarded" || name.startsWith("x-forwarded-");
}

/** Whether a Referer names another host than the one that is asked, or none that can be made out. */
export function isAcrossSites(referer: string, host: string): boolean {
  const [, inBrackets, name = ""] =
    /^https?:\/\/(?:[^/?#@]*@)?(?:\[([^\]]*)\]|([^/?#@:]*))(?::[0-9]*)?(?:[/?#]|$)/i.exec(referer) ?? [];
  return (inBrackets ?? name).toLowerCase() !== host;
}
