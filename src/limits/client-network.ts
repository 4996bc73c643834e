/** Which addresses are taken for one client, and which for neighbours. */
import { type Address, formatAddress, parseAddress } from "../policy/address.ts";

/** Prefix lengths: of a client, and of the network around it. */
const BITS = { 4: { client: 32, prefix: 24 }, 6: { client: 64, prefix: 48 } } as const;

export type Scope = "client" | "prefix";

/** The first address of it, and how many bits it fixes of 32 or 128. */
export interface Network {
  readonly address: Address;
  readonly bits: number;
}

/** Who has one address of IPv6 has its /64 (RFC 6177 §2), and could come from another one each time. */
export function networkOf(client: Address, scope: Scope): Network {
  const bits = BITS[client.family][scope];
  if (client.family === 4) {
    return { bits, address: { ...client, w3: (client.w3 & (-1 << (32 - bits))) >>> 0 } };
  }
  const w1 = bits === 64 ? client.w1 : (client.w1 & 0xffff_0000) >>> 0;
  return { bits, address: { family: 6, w0: client.w0, w1, w2: 0, w3: 0 } };
}

/** `192.0.2.1`, `192.0.2.0/24`, `2001:db8:0:1::/64`. */
export function formatNetwork({ address, bits }: Network): string {
  const text = formatAddress(address);
  return address.family === 4 && bits === 32 ? text : `${text}/${bits}`;
}

/** As what a client counts. */
export function clientKey(client: string): string {
  return client.includes(":") ? keyOf(client, "client") : client;
}

/** As what its neighbours and it count. */
export function prefixKey(client: string): string {
  return keyOf(client, "prefix");
}

function keyOf(client: string, scope: Scope): string {
  const address = parseAddress(client);
  return address === undefined ? client : formatNetwork(networkOf(address, scope));
}
